-- name: among
select account_id, number from suppression where account_id in rows_int(?1) and number in rows_text(?2)
union all
select account_id, number from
  (select account_id, number from suppression where account_id in rows_int(?1) and number > '#' and number < '$' limit 1)
  as erased;

-- name: among_digests
select account_id, number from suppression where account_id in rows_int(?1) and number in rows_text(?2);

-- name: any
select 1 from suppression where account_id in rows_int(?1) limit 1;

-- name: add
insert into suppression (account_id, brand_id, number, scope, reason, created_at) values (?1, 1, ?2, 'all', ?3, ?4)
on conflict do nothing returning number;

-- name: lift
delete from suppression where account_id = ?1 and number in (?2, ?3) and brand_id = 1 and scope = 'all' returning number;

-- name: record
insert into consent_event (account_id, brand_id, number, action, reason, occurred_at) values (?1, 1, ?2, ?3, ?4, ?5);
