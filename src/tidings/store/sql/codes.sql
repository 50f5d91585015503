-- name: columns
id, account_id, rule, created_at, changed_at

-- name: version
select version from code_book where account_id = ?1;

-- name: changed
insert into code_book (account_id, version) values (?1, 1)
on conflict (account_id) do update set version = code_book.version + 1;

-- name: all
select {columns} from code where account_id = ?1 order by id;

-- name: page
select {columns} from code where account_id = ?1 and id < ?2 order by id desc limit ?3;

-- name: one
select {columns} from code where account_id = ?1 and id = ?2;

-- name: named
select {columns} from code where account_id = ?1 and name = ?2;

-- name: count
select count(*) from code where account_id = ?1;

-- name: insert
insert into code (id, account_id, name, rule, created_at, changed_at) values (?1, ?2, ?3, ?4, ?5, ?6);

-- name: change
update code set name = ?3, rule = ?4, changed_at = ?5 where account_id = ?1 and id = ?2;

-- name: delete
delete from code where account_id = ?1 and id = ?2 returning id;

-- name: paces
select account_id, number, sender, minute_at, minute, day_at, day, said from reply_pace
where account_id in rows_int(?1) and number in rows_text(?2) and sender in rows_text(?3);

-- name: keep_pace
insert into reply_pace (account_id, number, sender, minute_at, minute, day_at, day, said)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
on conflict (account_id, number, sender) do update set minute_at = excluded.minute_at, minute = excluded.minute,
  day_at = excluded.day_at, day = excluded.day, said = excluded.said;

-- name: forget_paces
delete from reply_pace where (account_id, number, sender) in (
  select account_id, number, sender from reply_pace where day_at < ?1 limit ?2
) returning number;

-- name: mails_of
select sent from email_day where account_id = ?1 and day = ?2;

-- name: count_mails
insert into email_day (account_id, day, sent) values (?1, ?2, ?3)
on conflict (account_id) do update set day = excluded.day,
  sent = excluded.sent + case when email_day.day = excluded.day then email_day.sent else 0 end;

-- name: call_columns
id, account_id, message_id, code_id, url, replies, status, attempts, created_at, next_at, said, finished_at, note

-- name: insert_call
insert into code_call (id, account_id, message_id, code_id, url, endpoint, replies, status, attempts, created_at, next_at,
  said, finished_at, note)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14);

-- name: endpoints_due
-- From one endpoint to the next: however many calls wait for one that hangs, they are not walked through.
with recursive waiting (endpoint) as (
  select min(endpoint) from code_call where next_at is not null
  union all
  select (select min(endpoint) from code_call where next_at is not null and endpoint > waiting.endpoint)
  from waiting where endpoint is not null
)
select endpoint, (select min(next_at) from code_call as c where next_at is not null and c.endpoint = waiting.endpoint)
from waiting where endpoint is not null order by 2, 1 limit ?1;

-- name: due
select {call_columns} from code_call where endpoint = ?1 and next_at <= ?2 order by next_at, id limit ?3;

-- name: settle_call
update code_call set status = ?2, attempts = ?3, next_at = ?4, said = ?5, finished_at = ?6, note = ?7 where id = ?1;

-- name: calls_of
select {call_columns} from code_call where message_id = ?1 order by id;

-- name: forget_calls
delete from code_call where id in (select id from code_call where finished_at < ?1 limit ?2) returning id;
