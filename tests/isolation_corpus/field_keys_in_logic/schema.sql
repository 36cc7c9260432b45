-- Recipes. Recipes are known by text ids without foreign keys; labels must belong to a shelf, which only a trigger knows.
create table kitchens (id uuid primary key default gen_random_uuid(), name text not null);
create table cooks (kitchen uuid not null references kitchens on delete cascade, person uuid not null references auth.users on delete cascade, primary key (kitchen, person));
create table recipes (code text primary key, kitchen uuid not null references kitchens on delete cascade, title text not null);
create table steps (id bigint generated always as identity primary key, of_recipe text not null, body text not null);
create table shelves (id uuid primary key default gen_random_uuid(), kitchen uuid references kitchens on delete cascade, word text not null, is_enabled boolean not null default true);
create table labels (id uuid primary key default gen_random_uuid(), kitchen uuid references kitchens on delete cascade, shelf_word text not null, caption text not null, is_active boolean not null default true);

create function my_kitchens() returns setof uuid language sql stable security definer set search_path = '' as
$$ select kitchen from public.cooks where person = auth.uid() $$;
create function check_shelf() returns trigger language plpgsql set search_path = '' as $$
begin
  if not exists (select 1 from public.shelves where word = new.shelf_word and (kitchen = new.kitchen or kitchen is null)) then
    raise exception 'there is no shelf "%"', new.shelf_word;
  end if;
  return new;
end $$;
create trigger check_shelf before insert or update on labels for each row execute function check_shelf();

alter table kitchens enable row level security;
alter table cooks enable row level security;
alter table recipes enable row level security;
alter table steps enable row level security;
alter table shelves enable row level security;
alter table labels enable row level security;
create policy own on kitchens for select using (id in (select my_kitchens()));
create policy own on cooks for select using (person = auth.uid());
create policy own on recipes using (kitchen in (select my_kitchens()));
create policy own on steps for select using (of_recipe in (select code from recipes where kitchen in (select my_kitchens())));
create policy add on steps for insert with check (of_recipe in (select code from recipes where kitchen in (select my_kitchens())));
create policy own on shelves for select using (kitchen is null or kitchen in (select my_kitchens()));
create policy own on labels for select using (kitchen is null or kitchen in (select my_kitchens()));
grant select on kitchens, cooks, shelves, labels to authenticated;
grant select, insert, update, delete on recipes to authenticated;
grant select, insert on steps to authenticated;

create function captions(k uuid, word text) returns table (caption text) language sql stable security definer set search_path = '' as
$$ select l.caption from public.labels l where l.is_active and l.shelf_word = word and (l.kitchen = k or l.kitchen is null) $$;
-- the switch hides a shelf from its own kitchen as well: it is no publication
create function shelves_of(k uuid) returns table (word text) language sql stable security definer set search_path = '' as
$$ select s.word from public.shelves s where s.is_enabled and (s.kitchen = k or s.kitchen is null) $$;
create function copy_steps(recipe text) returns integer language plpgsql security definer set search_path = '' as $$
declare n integer;
begin
  insert into public.steps (of_recipe, body) select of_recipe, body || ' (again)' from public.steps where of_recipe = recipe;
  get diagnostics n = row_count;
  return n;
end $$;
insert into shelves (word) values ('soups'), ('cakes');
