-- What the reach of an export meant when it was started, and where an import was made.
--
-- Why so: "the rows of my location" are others once its member works elsewhere, and "the rows of my team" once the team is another. A file that was
-- written for seven days of fetching, and an import that shows its rows to a location, are of the rows of then, so that is kept beside them.

alter table exports
    -- Of the member, where the reach is a location.
    add column location_id uuid,
    -- The member and everybody below, in order, where the reach is a team or a location. Of what was started before this it is not known: such an
    -- export is ended and its file no longer fetched, and is started again.
    add column team uuid[],
    add constraint exports_location foreign key (tenant_id, location_id) references locations (tenant_id, id);

alter table imports
    add column location_id uuid,
    add constraint imports_location foreign key (tenant_id, location_id) references locations (tenant_id, id);

-- Where an import of before was made nobody wrote down: it is where its member works now, as it has been taken to be until here.
update imports i set location_id = m.location_id from members m
where m.tenant_id = i.tenant_id and m.id = i.created_by and m.location_id is not null;
