-- Several processes on one database: what each of them holds for a while, and by which carrier what is queued goes. Only
-- PostgreSQL is shared: there every process has a row that says who it is, and one with the number of its last commit.
alter table lease rename column carrier to name;
alter table lease add column holder integer not null default 0;
alter table lease add column until integer not null default 0;
update lease set name = 'carrier/' || name;
alter table queue add column carrier text not null default '';
update queue set carrier = coalesce(
  (select message.carrier from message where message.id = queue.message_id and message.status = 'queued'), '');
-- postgres: drop index queue_due;
-- postgres: create index queue_due on queue (carrier, due_at, rank, message_id);
-- postgres: drop table store_commit;
-- postgres: create table store_commit (writer bigint primary key, number bigint not null) with (fillfactor = 10);
-- postgres: create table node (
-- postgres:   number bigint primary key,
-- postgres:   writer bigint not null,
-- postgres:   role text not null,
-- postgres:   place text not null,
-- postgres:   home text not null,
-- postgres:   started_at bigint not null,
-- postgres:   heard_at bigint not null
-- postgres: ) with (fillfactor = 20);
