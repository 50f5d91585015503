-- Whether look-alikes may stand in texts of an account, and in those from some of its senders, as JSON; null: as the settings say.
alter table account add column smart_encoding text;
alter table account add column sender_smart_encoding text;
