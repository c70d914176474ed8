-- Which language somebody reads is kept with what they may do (migration 36), so that it counts as well. Nothing else of a person does.

drop trigger access_changed on users;
create trigger access_changed after update of status, timezone, language on users for each row execute function access_of_person_changed();
