-- Where the national numbers of an account are at home; null: as the settings say.
alter table account add column default_region text;
