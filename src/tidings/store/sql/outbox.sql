-- name: whole
id, account_id, esme_id, kind, message_id, sequence, part, parts, form, lane, status, attempts, created_at, began_at,
  next_at, finished_at, bind, answer, reason

-- name: cursor
select position from esme_cursor where id = 1;

-- name: advance
update esme_cursor set position = ?2 where id = ?1;

-- name: anybody
select exists (select 1 from esme where closed_at is null);

-- name: skip
update esme_cursor set position = (select coalesce(max(rowid), 0) from message_event where rowid <= ?1)
where id = 1 and not exists (select 1 from esme where closed_at is null);

-- name: open_among
select id from esme where closed_at is null and id in rows_int(?1);

-- name: listeners
select rows_of(id, account_id, created_at, json(inbound), alphabet, concatenation) from esme
where closed_at is null and inbound is not null;

-- name: last
select coalesce(max(id), 0) from esme_outbox;

-- name: insert
insert into esme_outbox (id, account_id, esme_id, kind, message_id, sequence, part, parts, form, lane, status, attempts,
  created_at, began_at, next_at, finished_at, bind, answer, reason)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19);

-- name: settle
update esme_outbox set status = ?2, attempts = ?3, next_at = ?4, finished_at = ?5, bind = ?6, answer = ?7, reason = ?8
where id = ?1;

-- name: some
select rows_of({whole}) from esme_outbox where id in rows_int(?1);

-- name: ended
select id from esme_outbox where id in rows_int(?1) and next_at is null;

-- name: behind
select rows_of({whole}) from
  (select * from esme_outbox where esme_id = ?1 and id > ?2 and next_at is not null order by id limit ?3) as o;

-- name: of_lane
select rows_of({whole}) from
  (select * from esme_outbox where esme_id = ?1 and lane = ?2 and id <= ?3 and next_at is not null
   order by id limit ?4) as o;

-- name: lanes
select distinct lane from esme_outbox where esme_id = ?1 and id <= ?2 and next_at is not null limit ?3;

-- name: backlogs
select rows_of(esme_id, waiting, oldest_at, dead) from
  (select e.id as esme_id,
    (select count(*) from esme_outbox where esme_id = e.id and next_at is not null) as waiting,
    (select created_at from esme_outbox where esme_id = e.id and next_at is not null order by id limit 1) as oldest_at,
    (select count(*) from esme_outbox where esme_id = e.id and status = 'dead') as dead
   from esme as e where closed_at is null) as b;

-- name: page_waiting
select rows_of({whole}) from
  (select * from esme_outbox where esme_id = ?1 and id < ?2 and next_at is not null order by id desc limit ?3) as o;

-- name: page_dead
select rows_of({whole}) from
  (select * from esme_outbox where esme_id = ?1 and id < ?2 and status = 'dead' order by id desc limit ?3) as o;

-- name: of_message
select rows_of({whole}) from
  (select * from esme_outbox where message_id = ?1 order by id desc limit ?2) as o;

-- name: dead
select rows_of({whole}) from
  (select * from esme_outbox where esme_id = ?1 and id > ?2 and id <= ?3 and status = 'dead'
   order by id limit ?4) as o;

-- name: replay
update esme_outbox set status = 'waiting', began_at = ?2, next_at = ?3, finished_at = null, reason = null where id = ?1;

-- name: too_old
update esme_outbox set status = 'dead', next_at = null, finished_at = ?4, reason = 'too_old' where id in
  (select id from esme_outbox where esme_id = ?1 and next_at is not null and began_at <= ?2 order by id limit ?3)
returning id;

-- name: withdraw
update esme_outbox set status = 'canceled', next_at = null, finished_at = ?3 where id in
  (select id from esme_outbox where esme_id = ?1 and next_at is not null order by id limit ?2)
returning id;

-- name: surplus
select id from esme_outbox where esme_id = ?1 and status = 'dead' order by id desc limit ?3 offset ?2;

-- name: aged
select rows_of(id, json(case when next_at is null and finished_at <= ?3 then 'true' else 'false' end)) from
  (select id, next_at, finished_at from esme_outbox where id > ?1 order by id limit ?2) as o;

-- name: forget
-- The newest stays: whoever has read up to it must find every later one behind it.
delete from esme_outbox where id in rows_int(?1) and id < (select max(id) from esme_outbox);

-- name: closed
select distinct esme_id from esme_outbox where next_at is not null
  and esme_id not in (select id from esme where closed_at is null) limit ?1;
