-- name: insert
insert into audit_entry (id, account_id, occurred_at, action, actor_kind, actor_id, actor_name, address, subject_kind,
  subject_id, subject_name, detail)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: page
select id, account_id, occurred_at, action, actor_kind, actor_id, actor_name, address, subject_kind, subject_id,
  subject_name, detail
from audit_entry
where account_id = ?1 and id < ?2 and occurred_at >= ?3 and occurred_at < ?4 and (action = ?5 or ?5 = '')
  and (actor_id = ?6 or ?6 = 0) and (subject_id = ?7 or ?7 = 0) and (address = ?8 or ?8 = '')
order by id desc limit ?9;

-- name: forget
delete from audit_entry where id in (select id from audit_entry where id < ?1 order by id limit ?2) returning id;
