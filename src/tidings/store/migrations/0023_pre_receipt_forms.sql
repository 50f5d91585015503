-- What receipts mean in the taxonomy, what else they call their message, how they came, and what carriers make of ids.
alter table attempt add column receipt_error text;
alter table receipt add column other_id text not null default '';
alter table receipt add column error text not null default '';
alter table receipt add column form text not null default '';
-- Ids are looked up without what carriers change of them by the way, as in tidings.core.id_form.key.
drop index attempt_carrier_id;
create index attempt_carrier_key on attempt (ltrim(lower(trim(carrier_id)), '0'), carrier) where carrier_id is not null;
create index attempt_in_doubt on attempt (carrier) where outcome = 'in_doubt';
create table carrier_habit (
  carrier text not null primary key,
  form text not null,
  fixed integer not null,
  loose integer not null,
  leaning text not null,
  votes integer not null
);
