-- What a text from a handset answers; texts from handsets by who sent them; parts of long texts, also joined ones.
alter table message add column in_reply_to integer;
create index message_in_reply_to on message (account_id, in_reply_to) where in_reply_to is not null;
create index message_from_handset on message (account_id, sender, id) where direction = 'mo';
drop index inbound_waiting;
create index inbound_parts on inbound (sender, recipient, reference) where parts > 1;
