-- name: take
insert into lease (name, fence, holder, until) values (?1, 1, ?2, clock_ms() + ?3)
on conflict (name) do update set fence = lease.fence + 1, holder = excluded.holder, until = excluded.until
where lease.until <= clock_ms() or ?4 = 1
returning fence;

-- name: give_back
update lease set until = 0, holder = 0 where holder = ?1 and name in rows_text(?2) returning name;

-- name: fences
select name, fence from lease where name in rows_text(?1);

-- name: all
select name, fence, holder, until > clock_ms() from lease order by name;

-- name: forget
delete from lease where name like ?1 and until <= clock_ms() - ?2 returning name;
