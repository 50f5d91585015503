-- name: keep
insert into capture_piece (id, account_id, capture_id, place, lines) values (?1, ?2, ?3, ?4, ?5);

-- name: waiting
select count(*) from capture_piece where capture_id = ?1;

-- name: of
select id, place, lines from capture_piece where capture_id = ?1 order by id;

-- name: drop
delete from capture_piece where capture_id = ?1 returning id;
