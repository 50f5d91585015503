-- name: columns
id, carrier, bind, carrier_id, sender, state, status, error_code, raw, received_at, attempt_id, message_id, tries, retry_at,
  other_id, error, form

-- name: insert
insert into receipt (id, carrier, bind, carrier_id, sender, state, status, error_code, raw, received_at, attempt_id,
  message_id, tries, retry_at, other_id, error, form)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17);

-- name: settle
update receipt set attempt_id = ?2, message_id = ?3, tries = ?4, retry_at = ?5 where id = ?1;

-- name: parked
select {columns} from receipt where retry_at <= ?1 order by retry_at limit ?2;

-- name: of
select {columns} from receipt where message_id = ?1 order by id;

-- name: orphans
select count(*) from receipt where attempt_id is null and retry_at is null;

-- name: unmatched
select {columns} from receipt where attempt_id is null and id > ?2 and carrier = ?1 order by id limit ?3;

-- name: unmatched_among
select {columns} from receipt where attempt_id is null and id in rows_int(?1) order by id;

-- name: drop_unmatched
delete from receipt where attempt_id is null and id in rows_int(?1) returning id;

-- name: scan
select * from receipt where {where} order by id {way} limit {most}

-- name: chosen
select {columns} from ({scan}) as scanned where {where} order by id {way} limit {most}

-- name: reach
select min(id), max(id), count(*) from ({scan}) as scanned

-- name: habits
select carrier, form, fixed, loose, leaning, votes from carrier_habit;

-- name: keep_habit
insert into carrier_habit (carrier, form, fixed, loose, leaning, votes) values (?1, ?2, ?3, ?4, ?5, ?6)
on conflict (carrier) do update set form = excluded.form, fixed = excluded.fixed, loose = excluded.loose,
  leaning = excluded.leaning, votes = excluded.votes;
