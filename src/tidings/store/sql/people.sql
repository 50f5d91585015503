-- name: columns
id, account_id, email, name, role, created_at, password, disabled_at, seen_at, link, link_until, factor, factor_wanted,
  factor_step, factor_required, issuer, subject

-- name: whole
id, account_id, user_id, digest, created_at, seen_at, ends_at, address, agent, method

-- name: user
select {columns} from person where account_id = ?1 and id = ?2;

-- name: account_of
select account_id from person where id = ?1;

-- name: by_email
select {columns} from person where email = ?1;

-- name: by_link
select {columns} from person where link = ?1;

-- name: by_subject
select {columns} from person where issuer = ?1 and subject = ?2;

-- name: page
select {columns} from person where account_id = ?1 and id < ?2 order by id desc limit ?3;

-- name: counts
select count(*), coalesce(sum(case when role = 'owner' and disabled_at is null
  and (password is not null or subject is not null) then 1 else 0 end), 0)
from person where account_id = ?1;

-- name: insert
insert into person (id, account_id, email, name, role, created_at, password, disabled_at, seen_at, link, link_until,
  factor, factor_wanted, factor_step, factor_required, issuer, subject)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17);

-- name: change
update person set email = ?2, name = ?3, role = ?4, password = ?5, disabled_at = ?6, seen_at = ?7, link = ?8,
  link_until = ?9, factor = ?10, factor_wanted = ?11, factor_step = ?12, factor_required = ?13, issuer = ?14,
  subject = ?15
where id = ?1;

-- name: delete
delete from person where id = ?1 returning id;

-- name: session
select {whole} from person_session where digest = ?1;

-- name: sessions_of
select {whole} from person_session where user_id = ?1 order by id desc;

-- name: open_session
insert into person_session (id, account_id, user_id, digest, created_at, seen_at, ends_at, address, agent, method)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);

-- name: touch_session
update person_session set seen_at = ?2 where id = ?1;

-- name: end_session
delete from person_session where id = ?1 returning id;

-- name: over_sessions
delete from person_session where ends_at <= ?1 returning id;

-- name: add_code
insert into recovery_code (user_id, account_id, digest) values (?1, ?2, ?3);

-- name: use_code
delete from recovery_code where user_id = ?1 and digest = ?2 returning user_id;

-- name: drop_codes
delete from recovery_code where user_id = ?1 returning user_id;

-- name: codes_left
select count(*) from recovery_code where user_id = ?1;

-- name: add_setup
insert into setup_code (digest, account_id, created_at) values (?1, 1, ?2) on conflict do nothing;

-- name: setup
select digest from setup_code where digest = ?1;

-- name: drop_setups
delete from setup_code where account_id = 1 returning digest;

-- name: old_setups
delete from setup_code where created_at < (select min(created_at) from (select created_at from setup_code
  order by created_at desc limit ?1) as newest) returning digest;

-- name: wait
select failures, failed_at, free_at from sign_in_wait where name = ?1;

-- name: put_wait
insert into sign_in_wait (name, account_id, failures, failed_at, free_at) values (?1, 1, ?2, ?3, ?4)
on conflict (name) do update set failures = excluded.failures, failed_at = excluded.failed_at,
  free_at = excluded.free_at;

-- name: drop_wait
delete from sign_in_wait where name = ?1 returning name;

-- name: old_waits
delete from sign_in_wait where free_at <= ?1 and failed_at < ?2 and (failed_at < ?3 or name not like 'factor %')
returning name;
