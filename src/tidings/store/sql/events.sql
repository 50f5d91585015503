-- name: append
insert into message_event (message_id, sequence, account_id, type, occurred_at, data) values (?1, ?2, ?3, ?4, ?5, ?6);

-- name: of
select message_id, account_id, sequence, type, occurred_at, data from message_event
where message_id = ?1 order by sequence;

-- name: some
select rows_of(message_id, account_id, sequence, type, occurred_at, json(data)) from message_event
where message_id in rows_int(?1);

-- name: newest
select coalesce(max(rowid), 0) from message_event;

-- name: after
select rowid, message_id, account_id, sequence, type, occurred_at, data from message_event
where rowid > ?1 and rowid <= ?3 order by rowid limit ?2;

-- name: sought
select rowid, message_id, account_id, sequence, type, occurred_at, data from message_event
where rowid > ?1 and rowid <= ?2 and account_id = ?3 and type in rows_text(?4) order by rowid limit ?5;

-- name: of_types
select rows_of(rowid, message_id, account_id, sequence, type, occurred_at, json(data)) from message_event
where rowid > ?1 and rowid <= ?2 and type in rows_text(?3);
