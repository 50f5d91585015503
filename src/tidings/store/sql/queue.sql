-- name: insert
insert into queue (message_id, account_id, rank, due_at, expires_at, carrier) values (?1, ?2, ?3, ?4, ?5, ?6)
on conflict (message_id) do update set due_at = excluded.due_at, carrier = excluded.carrier;

-- name: assign
update queue set carrier = ?1 where message_id in rows_int(?2);

-- name: carriers
select distinct carrier from queue order by carrier;

-- name: among
select rows_of(message_id) from queue where message_id in rows_int(?1);

-- name: take
delete from queue where message_id in rows_int(?1);

-- name: take_told
delete from queue where message_id in rows_int(?1) returning message_id;

-- name: claimable
select rows_of(message_id) from queue where message_id in rows_int(?1)
and exists (select 1 from lease where name = ?2 and fence = ?3);

-- name: claim_told
delete from queue where message_id in rows_int(?1) and exists (select 1 from lease where name = ?2 and fence = ?3)
returning message_id;

-- name: head
select message_id from queue
where due_at = 0 and rank = ?1 and message_id > ?2 and carrier in rows_text(?4) order by message_id limit ?3;

-- name: next_due
select min(due_at) from queue where due_at > ?1 and carrier in rows_text(?2);

-- name: due_in
select message_id from queue
where due_at > 0 and due_at <= ?2 and rank = ?1 and carrier in rows_text(?4) order by due_at limit ?3;

-- name: expired
select message_id from queue where expires_at <= ?1 limit ?2;

-- name: counts
select account_id, count(*) from queue group by account_id;

-- name: oldest
select min(message_id) filter (where due_at = 0), min(due_at) filter (where due_at > 0), count(*) from queue
where due_at <= ?1;
