-- name: pauses
select carrier, bind, paused_at from carrier_pause where account_id = ?1 order by carrier, bind;

-- name: pause
insert into carrier_pause (account_id, carrier, bind, paused_at) values (?1, ?2, ?3, ?4) on conflict do nothing;

-- name: resume
delete from carrier_pause where account_id = ?1 and carrier = ?2 and bind = ?3 returning bind;

-- name: resume_all
delete from carrier_pause where account_id = ?1 and carrier = ?2 returning bind;

-- name: stored
select settings from carrier where account_id = ?1 order by created_at, name;

-- name: one
select settings from carrier where account_id = ?1 and name = ?2;

-- name: keep
insert into carrier (account_id, name, settings, created_at, changed_at) values (?1, ?2, ?3, ?4, ?4)
on conflict (account_id, name) do update set settings = excluded.settings, changed_at = excluded.changed_at;

-- name: report
insert into carrier_report (carrier, account_id, holder, report) values (?1, ?2, ?3, ?4)
on conflict (carrier) do update set holder = excluded.holder, report = excluded.report;

-- name: reports
select report from carrier_report where account_id = ?1 order by carrier;

-- name: drop_report
delete from carrier_report where account_id = ?1 and carrier = ?2 returning carrier;

-- name: drop
delete from carrier where account_id = ?1 and name = ?2 returning name;
