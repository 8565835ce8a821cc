"""What a model of each task is for in human resources, what it is not for, and where its limits lie, in words for its papers."""

PURPOSE = {
    "job-category": "tells which job category a resume belongs to, so that it reaches the recruiters of that category",
    "skills": "finds the words of a resume that name skills, so that recruiters can search and compare by them",
    "match": "ranks openings for a resume, and resumes for an opening, so that recruiters see the likeliest pairs first",
}
ARCHITECTURE = {
    "job-category": "one linear layer on the mean and the maximum over a text's windows, of three of the encoder's layers",
    "skills": "a convolution over words and how they are written, of three of the encoder's layers, and a linear-chain random"
    " field over the tags outside, beginning and inside of a span",
    "match": "a projection for resumes and one for openings; the score is the vectors' dot product",
}
OUTPUT = {
    "job-category": "a class and its probability",
    "skills": "spans with kinds",
    "match": "ranked ids with scores",
}
NOT_FOR = (
    "deciding about a person: hiring, rejecting, promoting, paying or dismissing. A person looks, and decides",
    "ranking people by how good they are: it says nothing about ability, only about what a resume's words resemble",
    "texts that are not resumes or openings in the language and trades of its dataset",
)
LIMITS = (
    "It knows the classes and kinds of its dataset and no others, as they were labelled there, mistakes and habits included",
    "Resumes carry signs of origin, age and sex even without names; placeholders take the names away, not those signs",
    "Below its threshold it abstains; above it, it is still wrong as often as its calibration says",
)
