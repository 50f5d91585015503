-- name: append
insert into message_event (message_id, sequence, account_id, type, occurred_at, data) values (?1, ?2, ?3, ?4, ?5, ?6);

-- name: of
select message_id, account_id, sequence, type, occurred_at, data from message_event
where message_id = ?1 order by sequence;

-- name: some
select rows_of(message_id, account_id, sequence, type, occurred_at, json(data)) from message_event
where message_id in rows_int(?1);

-- name: of_days
select message_id, account_id, sequence, type, occurred_at, data from message_event
where message_id = ?1 and rowid >= ?2 order by sequence;

-- name: some_of_days
select e.message_id, e.account_id, e.sequence, e.type, e.occurred_at, e.data::json
from unnest(?1::bigint[]) as wanted (id) cross join lateral
  (select * from message_event where message_id = wanted.id and rowid >= ?2 offset 0) as e;

-- name: newest
select coalesce(max(rowid), ?1) from message_event where rowid > ?1 and rowid <= ?2;

-- name: reach
select max(rowid), count(*) from
  (select rowid from message_event where rowid > ?1 and rowid <= ?2 order by rowid limit ?3) as e;

-- name: after
select rowid, message_id, account_id, sequence, type, occurred_at, data from message_event
where rowid > ?1 and rowid <= ?3 order by rowid limit ?2;

-- name: sought
select rowid, message_id, account_id, sequence, type, occurred_at, data from message_event
where rowid > ?1 and rowid <= ?2 and account_id = ?3 and type in rows_text(?4) order by rowid limit ?5;

-- name: of_types
select rows_of(rowid, message_id, account_id, sequence, type, occurred_at, json(data)) from message_event
where rowid > ?1 and rowid <= ?2 and type in rows_text(?3);

-- name: forget
delete from message_event where rowid in
  (select rowid from (select rowid, occurred_at from message_event order by rowid limit ?3) as e
   where occurred_at < ?1 and rowid <= ?2 and rowid < (select max(rowid) from message_event))
returning rowid;

-- name: drop_day
select drop_day('message_event', ?1, ?2);
