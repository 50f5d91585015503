-- name: columns
id, account_id, name, system_id, password, created_at, closed_at, last_bound_at, old_password, old_until, networks,
  bind_types, max_binds, "window", rate, daily_quota, monthly_quota, tls, certificate, alphabet, category, senders,
  interface_version, message_id_form, receipt_format, receipt_id_form, inbound, receipt_pdu, receipt_seconds,
  receipt_text, concatenation, queue_most, queue_hours

-- name: open
select {columns} from esme where closed_at is null order by id;

-- name: one
select {columns} from esme where account_id = ?1 and id = ?2;

-- name: account_of
select account_id from esme where id = ?1;

-- name: by_system_id
select {columns} from esme where system_id = ?1 and closed_at is null;

-- name: page
select {columns} from esme where account_id = ?1 and id < ?2 order by id desc limit ?3;

-- name: page_of_all
select {columns} from esme where id < ?1 order by id desc limit ?2;

-- name: insert
insert into esme (id, account_id, name, system_id, password, created_at, closed_at, last_bound_at, old_password,
  old_until, networks, bind_types, max_binds, "window", rate, daily_quota, monthly_quota, tls, certificate, alphabet,
  category, senders, interface_version, message_id_form, receipt_format, receipt_id_form, inbound,
  receipt_pdu, receipt_seconds, receipt_text, concatenation, queue_most, queue_hours)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
  ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33);

-- name: change
update esme set name = ?2, system_id = ?3, password = ?4, closed_at = ?5, old_password = ?6, old_until = ?7,
  networks = ?8, bind_types = ?9, max_binds = ?10, "window" = ?11, rate = ?12, daily_quota = ?13, monthly_quota = ?14,
  tls = ?15, certificate = ?16, alphabet = ?17, category = ?18, senders = ?19, interface_version = ?20,
  message_id_form = ?21, receipt_format = ?22, receipt_id_form = ?23, inbound = ?24, receipt_pdu = ?25, receipt_seconds = ?26,
  receipt_text = ?27, concatenation = ?28, queue_most = ?29, queue_hours = ?30
where id = ?1;

-- name: touch
update esme set last_bound_at = ?2 where id = ?1;

-- name: short_ids
update esme set short_ids = short_ids + ?2 where id = ?1 returning short_ids;

-- name: submit
insert into submission (message_id, account_id, esme_id, response_id, service_type, source_addr_ton, source_addr_npi,
  source_addr, dest_addr_ton, dest_addr_npi, destination_addr, registered_delivery, data_coding, user_message_reference)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14);

-- name: whole
message_id, account_id, esme_id, response_id, service_type, source_addr_ton, source_addr_npi, source_addr,
  dest_addr_ton, dest_addr_npi, destination_addr, registered_delivery, data_coding, user_message_reference

-- name: of
select {whole} from submission where message_id in rows_int(?1);

-- name: answered
select {whole} from submission where esme_id = ?1 and response_id in rows_text(?2) order by message_id;

-- name: drop_submission
delete from submission where message_id = ?1 returning message_id;

-- name: pending
select message.id from message join submission on submission.message_id = message.id
where message.account_id = ?1 and message.recipient = ?2 and message.id < ?3
  and message.status in ('accepted', 'scheduled', 'queued') and submission.esme_id = ?4
  and submission.source_addr = ?5 and submission.destination_addr = ?6 and submission.service_type = ?7
order by message.id limit ?8;

-- name: open_session
insert into esme_session (id, account_id, esme_id, holder, place, bind_type, address, interface_version, secure, bound_at)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) on conflict do nothing;

-- name: sessions
select id, account_id, esme_id, holder, place, bind_type, address, interface_version, secure, bound_at
from esme_session where esme_id in rows_int(?1) and holder = 0 order by id;

-- name: close_sessions
delete from esme_session where id in rows_int(?1) returning id;

-- name: end_sessions
delete from esme_session where holder = ?1 returning id;

-- name: forget_sessions
delete from esme_session where holder <> 0 returning id;
