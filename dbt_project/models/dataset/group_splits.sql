-- A group lies where the most evaluative of its texts would lie: more texts never move it towards training.
select
    group_id,
    count(*) as texts,
    case
        when bool_or(own_split = 'test') then 'test'
        when bool_or(own_split = 'validation') then 'validation'
        else 'train'
    end as split
from {{ ref('stg_duplicate_groups') }}
group by group_id
