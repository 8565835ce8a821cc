-- Nothing is dropped in silence: what is not in the dataset is listed as a conflict that nothing decides.
(
    select text_hash, opening_hash from {{ ref('current_labels') }}
    except
    select text_hash, opening_hash from {{ ref('dataset') }}
)
except
select text_hash, opening_hash from {{ ref('label_conflicts') }} where outcome = 'undecided'
