-- What customers' ESMEs get back: in which form, and the outbox of what they have not taken yet.
alter table esme add column receipt_pdu text not null default 'deliver_sm';
alter table esme add column receipt_seconds integer not null default 0;
alter table esme add column receipt_text integer not null default 1;
alter table esme add column concatenation text not null default 'udh';
alter table esme add column queue_most integer not null default 100000;
alter table esme add column queue_hours integer not null default 72;

create table esme_outbox (
  id integer primary key,
  account_id integer not null,
  esme_id integer not null,
  kind text not null,
  message_id integer not null,
  sequence integer not null,
  part integer not null,
  parts integer not null,
  form text not null,
  lane integer not null,
  status text not null,
  attempts integer not null,
  created_at integer not null,
  began_at integer not null,
  next_at integer,
  finished_at integer,
  bind text,
  answer integer,
  reason text
);
create index esme_outbox_message on esme_outbox (message_id);
create index esme_outbox_waiting on esme_outbox (esme_id, id) where next_at is not null;
create index esme_outbox_lane on esme_outbox (esme_id, lane, id) where next_at is not null;
create index esme_outbox_dead on esme_outbox (esme_id, id) where status = 'dead';

create table esme_cursor (
  id integer primary key,
  position integer not null
);
insert into esme_cursor (id, position) values (1, (select coalesce(max(rowid), 0) from message_event));
