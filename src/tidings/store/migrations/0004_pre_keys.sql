-- Accounts beside the default one; what a key may be used for, from where and how much; rotation and last use.
alter table account add column closed_at integer;
alter table account add column rate real;
alter table account add column daily_quota integer;
alter table account add column monthly_quota integer;
alter table api_key add column senders text;
alter table api_key add column networks text;
alter table api_key add column expires_at integer;
alter table api_key add column revoked_at integer;
alter table api_key add column last_used_at integer;
alter table api_key add column old_digest blob;
alter table api_key add column old_until integer;
alter table api_key add column rate real;
alter table api_key add column daily_quota integer;
alter table api_key add column monthly_quota integer;
create index api_key_account on api_key (account_id, id);
create table usage (
  owner integer not null,
  period text not null,
  messages integer not null,
  primary key (owner, period)
);
create index usage_period on usage (period);
