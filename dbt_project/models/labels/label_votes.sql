-- How many persons whose resume has this very text have this label.
select
    text_hash,
    opening_hash,
    label,
    count(distinct person_id) as persons,
    max(labelled_at) as latest_labelled_at,
    rank() over (
        partition by text_hash, opening_hash order by count(distinct person_id) desc
    ) as place_by_votes,
    rank() over (
        partition by text_hash, opening_hash
        order by count(distinct person_id) desc, max(labelled_at) desc nulls last
    ) as place,
    count(*) over (partition by text_hash, opening_hash) as labels
from {{ ref('current_labels') }}
group by text_hash, opening_hash, label
