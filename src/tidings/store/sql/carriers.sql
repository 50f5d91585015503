-- name: pauses
select carrier, bind, paused_at from carrier_pause where account_id = ?1 order by carrier, bind;

-- name: pause
insert into carrier_pause (account_id, carrier, bind, paused_at) values (?1, ?2, ?3, ?4) on conflict do nothing;

-- name: resume
delete from carrier_pause where account_id = ?1 and carrier = ?2 and bind = ?3 returning bind;

-- name: resume_all
delete from carrier_pause where account_id = ?1 and carrier = ?2 returning bind;
