-- Every text that has more than one label, what became of each of them, and by which part of the rule.
with counted as (
    select
        *,
        count(*) filter (where place = 1) over contested as first_places,
        count(*) filter (where place_by_votes = 1) over contested as first_places_by_votes
    from {{ ref('label_votes') }}
    where labels > 1
    window contested as (partition by text_hash, opening_hash)
)

select
    text_hash,
    opening_hash,
    label,
    persons,
    latest_labelled_at,
    case
        when first_places > 1 and place = 1 then 'undecided'
        when place = 1 then 'chosen'
        else 'outvoted'
    end as outcome,
    case
        when first_places_by_votes = 1 then 'votes'
        when first_places = 1 then 'date'
        else 'nothing'
    end as decided_by
from counted
