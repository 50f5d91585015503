-- name: add
insert into traffic (account_id, step, start, carrier, part, accepted, sent, delivered, undelivered, failed, expired,
  rejected, canceled, unknown, received)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
on conflict (account_id, step, start, carrier, part) do update set
  accepted = traffic.accepted + excluded.accepted, sent = traffic.sent + excluded.sent,
  delivered = traffic.delivered + excluded.delivered, undelivered = traffic.undelivered + excluded.undelivered,
  failed = traffic.failed + excluded.failed, expired = traffic.expired + excluded.expired,
  rejected = traffic.rejected + excluded.rejected, canceled = traffic.canceled + excluded.canceled,
  unknown = traffic.unknown + excluded.unknown, received = traffic.received + excluded.received;

-- name: columns
start, sum(accepted), sum(sent), sum(delivered), sum(undelivered), sum(failed), sum(expired), sum(rejected),
  sum(canceled), sum(unknown), sum(received)

-- name: of
select {columns} from traffic where account_id = ?1 and step = ?2 and start >= ?3 and start < ?4 group by start;

-- name: of_carrier
select {columns} from traffic where account_id = ?1 and step = ?2 and start >= ?3 and start < ?4 and carrier = ?5
group by start;

-- name: of_all
select {columns} from traffic where step = ?1 and start >= ?2 and start < ?3 group by start;

-- name: of_all_by_carrier
select {columns} from traffic where step = ?1 and start >= ?2 and start < ?3 and carrier = ?4 group by start;

-- name: past
delete from traffic where (account_id, step, start, carrier, part) in
  (select account_id, step, start, carrier, part from traffic where step = ?1 and start < ?2 order by start limit ?3)
returning start;
