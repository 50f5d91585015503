-- name: find
select account_id, key, digest, answer, expires_at from idempotency where account_id = ?1 and key = ?2;

-- name: insert
insert into idempotency (account_id, key, digest, answer, expires_at) values (?1, ?2, ?3, ?4, ?5);

-- name: forget
delete from idempotency where (account_id, key) in
  (select account_id, key from idempotency where expires_at <= ?1 order by expires_at limit ?2) returning key;
