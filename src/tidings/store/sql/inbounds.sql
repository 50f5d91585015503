-- name: columns
id, account_id, message_id, carrier, bind, session, sender, recipient, digest, octets, udh, data_coding, text, encoding,
  reference, part, parts, received_at

-- name: insert
insert into inbound (id, account_id, message_id, carrier, bind, session, sender, recipient, digest, octets, udh,
  data_coding, text, encoding, reference, part, parts, received_at)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18);

-- name: twins
select digest, session from inbound where digest in rows_text(?2) and carrier = ?1 and received_at >= ?3 order by id;

-- name: siblings
select {columns} from
  (select * from inbound
   where sender = ?1 and recipient = ?2 and reference = ?3 and parts = ?4 and parts > 1 and carrier = ?5
     and account_id = ?6 and message_id is null and received_at >= ?7
   order by id desc limit ?8) as newest
order by part, id;

-- name: joined
select {columns} from inbound
where sender = ?1 and recipient = ?2 and reference = ?3 and parts = ?4 and parts > 1 and carrier = ?5
  and account_id = ?6 and received_at >= ?7 and message_id =
  (select max(message_id) from inbound where sender = ?1 and recipient = ?2 and reference = ?3 and parts = ?4
     and parts > 1 and carrier = ?5 and account_id = ?6 and received_at >= ?7)
order by part, id limit ?8;

-- name: join
update inbound set message_id = ?2 where id = ?1;

-- name: blank
update inbound set octets = ?2, text = '' where message_id in rows_int(?1);

-- name: stale
select {columns} from inbound where message_id is null and received_at <= ?1 order by id limit ?2;

-- name: of
select {columns} from inbound where message_id = ?1 order by part;
