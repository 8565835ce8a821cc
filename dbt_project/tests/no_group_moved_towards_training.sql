-- No resume lies in training, or in validation, whose own seat, or a near-duplicate's, is closer to the final test.
select dataset.text_hash
from {{ ref('dataset') }} as dataset
inner join {{ ref('stg_duplicate_groups') }} as members on dataset.group_id = members.group_id
where
    (dataset.split = 'train' and members.own_split <> 'train')
    or (dataset.split = 'validation' and members.own_split = 'test')
