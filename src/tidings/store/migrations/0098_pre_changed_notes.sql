-- When a note beside a conversation was changed last; null: never.
alter table conversation_note add column changed_at integer;
