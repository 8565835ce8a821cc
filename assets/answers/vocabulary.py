"""The words of working life that mean nearly the same, so that a question in everyday words meets a rule in formal ones."""

from collections.abc import Iterable
from functools import cache

from assets.index.terms import terms

_GROUPS = """
resign resignation quit
dismiss dismissal fire fired terminate termination discharge sack layoff redundancy redundant severance
boss manager supervisor superior lead
worker employee staff personnel workforce workman colleague coworker
employer company firm business organization agency
salary wage pay paycheck remuneration earnings compensation income
freelancer contractor
probation probationary introductory trial
appraisal review evaluation rating assessment
vacation holiday pto annual
sick sickness ill illness disease flu unwell medical
injury accident hurt
doctor physician provider clinician
note certificate certification documentation proof evidence document
father mother parent parental maternity paternity baby birth newborn adoption childbirth
wife husband spouse partner marriage married
funeral bereavement death dies died deceased burial
pension retirement
insurance cover coverage plan
bicycle cycle bike cycling
commute commuter transit transport
gift present hospitality
job position employment role post occupation
overtime extra
schedule rota roster timetable
poster posting notice display
fine penalty sanction punishment punish
appeal contest challenge objection object dispute grievance complaint
course training learning class education degree tuition
raise increase rise
allowance stipend payment reimbursement subsidy
reimburse refund repay repayment
advance early beforehand ahead
mistake error wrong incorrect correction
ai chatgpt assistant chatbot copilot
minor child underage teenager young youth
apprentice trainee apprenticeship intern
bankrupt insolvent insolvency bankruptcy
discriminate discrimination bias
harass harassment bully bullying
retaliation retaliate revenge reprisal
remote telework home homeworking teleworking telecommute
abroad overseas foreign country
lunch meal break
rest pause
inspect inspection inspector audit
sue claim lawsuit action proceeding court
record file records
computer laptop equipment device
car vehicle drive driving mileage
food meal
jury juror
vote voting election
pregnant pregnancy
tip tipped gratuity
bonus incentive
hire recruit recruitment hiring recruiter
applicant candidate
evening night overnight
minimum lowest least floor
maximum highest most limit cap
eligible eligibility qualify qualifies entitled entitlement
accrue accrual earn earned build
postpone defer delay late
shorten reduce reduction cut decrease
extend extended extension lengthen prolong
publish report disclose disclosure
ban banned prohibit prohibited forbid forbidden
allow allowed permit permitted
require required mandatory obligatory must
purchase buy
begin start commence
end finish conclude expire
deadline due
dress clothing clothes
smoke smoking tobacco
drug alcohol substance
password login credential
secret confidential confidentiality
steal theft
weapon gun firearm
"""


@cache
def _groups() -> dict[str, frozenset[int]]:
    """The numbers of the groups that a term is in."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_GROUPS.strip().splitlines()):
        for term in terms(line):
            found.setdefault(term, set()).add(number)
    return {term: frozenset(numbers) for term, numbers in found.items()}


@cache
def _members() -> dict[int, frozenset[str]]:
    members: dict[int, set[str]] = {}
    for term, numbers in _groups().items():
        for number in numbers:
            members.setdefault(number, set()).add(term)
    return {number: frozenset(found) for number, found in members.items()}


def alike(stems: Iterable[str]) -> frozenset[str]:
    """The terms (stemmed, as `index.terms` makes them) that stand in a group with one of these."""
    groups = _groups()
    numbers = {number for stem in stems for number in groups.get(stem, ())}
    return frozenset(term for number in numbers for term in _members()[number])
