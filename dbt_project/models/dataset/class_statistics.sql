-- A label of spans counts once for each kind of its spans.
with classes as (
    select
        unnest({{ classes_of('label') }}) as label,
        split,
        group_id
    from {{ ref('dataset') }}
),

cells as (
    select
        labels.label,
        splits.split
    from (select distinct label from classes) as labels
    cross join (values ('train'), ('validation'), ('test')) as splits (split)
)

select
    cells.label,
    cells.split,
    count(classes.group_id) as resumes,
    count(distinct classes.group_id) as groups
from cells
left join classes on cells.label = classes.label and cells.split = classes.split
group by cells.label, cells.split
