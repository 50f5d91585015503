-- name: columns
id, message_id, account_id, part, carrier, bind, fence, started_at, outcome, carrier_id, carrier_code, detail,
  answered_at, receipt, receipt_code, receipt_error

-- name: open
insert into attempt (id, message_id, account_id, part, carrier, bind, fence, started_at)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: answer
update attempt set outcome = ?2, carrier_id = ?3, carrier_code = ?4, detail = ?5, answered_at = ?6, bind = ?7 where id = ?1;

-- name: receive
update attempt set receipt = ?2, receipt_code = ?3, receipt_error = ?4 where id = ?1;

-- name: of
select rows_of({columns}) from attempt where message_id in rows_int(?1);

-- name: with_siblings
select rows_of({columns}) from attempt
where message_id in (select message_id from attempt where id in rows_int(?1));

-- name: by_carrier_key
select rows_of({columns}) from attempt
where ltrim(lower(trim(carrier_id)), '0') in rows_text(?2) and carrier = ?1 and carrier_id is not null;

-- name: unanswered
select rows_of({columns}) from (
  select * from attempt where outcome is null and carrier = ?1
  union all
  select * from attempt where outcome = 'in_doubt' and carrier = ?1
  limit ?2
) as waiting;

-- name: left_open
select rows_of({columns}) from (
  select * from attempt where outcome is null and carrier = ?1 and fence < ?2 order by id limit ?3
) as open_attempt;

-- name: open_at
select distinct carrier from attempt where outcome is null order by carrier;
