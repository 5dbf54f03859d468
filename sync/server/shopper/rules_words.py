"""A campaign's rules in plain words: what a shopper gets, for what, and up to how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.contract.rewards.rules import (
    InstantWin,
    Limit,
    Percent,
    ReturnVisit,
    Rule,
    RulePack,
    Tiers,
    Window,
)
from sync.server.texts import Language, euros

_HUNDRED_PERCENT: Final = 10_000


def say_rules(pack: RulePack, language: Language) -> list[str]:
    """What each rule gives, one sentence a rule, with when and how often it does."""
    return [_rule(rule, language) for rule in pack.rules]


def say_limits(pack: RulePack, language: Language) -> list[str]:
    """What one shopper should know before: what does not count, and up to how much."""
    words = _WORDS[language]
    said = [words["sole"]] if pack.sole and len(pack.rules) > 1 else []
    families = [words[f"family_{name}"] for name in pack.excluded if f"family_{name}" in words]
    if families:
        said.append(words["excluded"].format(families=_or(families, language)))
    said += [_limit(limit, language) for limit in pack.limits if _matters(limit)]
    said.append(words["claim"].format(days=pack.claim_days))
    return said


def _rule(rule: Rule, language: Language) -> str:
    words = _WORDS[language]
    said = _gives(rule, language)
    if rule.floor and not isinstance(rule, Tiers):
        said += words["floor"].format(amount=_whole(rule.floor, language))
    if rule.windows:
        said += words["when"].format(
            windows=_or([_window(one, language) for one in rule.windows], language)
        )
    if rule.first is not None:
        said += words["first"].format(count=rule.first)
    return said


def _gives(rule: Rule, language: Language) -> str:
    words = _WORDS[language]
    if isinstance(rule, Percent):
        name = "percent" if rule.base_max is None else "percent_of_first"
        most = _whole(rule.base_max or 0, language).removesuffix("\N{NO-BREAK SPACE}€")
        return words[name].format(rate=_percent(rule.rate, language), most=most)
    if isinstance(rule, Tiers):
        steps = [
            words["tier"].format(
                reward=_whole(one.reward, language), floor=_whole(one.floor, language)
            )
            for one in rule.tiers
        ]
        return ", ".join(steps)
    reward = _whole(rule.reward, language)
    if isinstance(rule, ReturnVisit):
        return words["return"].format(reward=reward, days=rule.within_days)
    return _draw(rule, reward, language)


def _draw(rule: InstantWin, reward: str, language: Language) -> str:
    """A chance as people say it: one in so many, rounded down."""
    return _WORDS[language]["draw"].format(reward=reward, among=_HUNDRED_PERCENT // rule.chance)


def _matters(limit: Limit) -> bool:
    return limit.action != "spend" and limit.scope in ("sale", "person")


def _limit(limit: Limit, language: Language) -> str:
    words = _WORDS[language]
    what = words["times"] if limit.action == "count" else "{}"
    most = limit.most if limit.action == "count" else _whole(limit.most, language)
    period = "sale" if limit.scope == "sale" else limit.period
    return words["most"].format(most=what.format(most), period=words[f"per_{period}"])


def _window(window: Window, language: Language) -> str:
    words = _WORDS[language]
    names = words["weekdays"].split()
    days = " ".join(", ".join(names[one - 1] for one in window.weekdays).split())
    if (window.from_time, window.until_time) == ("00:00", "24:00"):
        return words["on_days"].format(days=days) if days else words["any_time"]
    hours = words["hours"].format(start=window.from_time, end=window.until_time)
    return f"{words['on_days'].format(days=days)} {hours}" if days else hours


def _or(parts: list[str], language: Language) -> str:
    head, last = ", ".join(parts[:-1]), parts[-1]
    return f"{head} {_WORDS[language]['or']} {last}" if head else last


def _percent(rate: int, language: Language) -> str:
    """Basis points as a percentage: 1250 is 12,5 %."""
    whole, rest = divmod(rate, 100)
    point = "," if language == "fr" else "."
    digits = f"{whole}{point}{rest:02}".rstrip("0").rstrip(point) if rest else str(whole)
    return f"{digits}\N{NO-BREAK SPACE}%" if language == "fr" else f"{digits}%"


def _whole(cents: int, language: Language) -> str:
    """An amount, without its cents when it has none."""
    return euros(cents, language).replace(",00" if language == "fr" else ".00", "")


_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "fr": {
        "percent": "{rate} de vos achats",
        "percent_of_first": "{rate} des {most} premiers euros de chaque achat",
        "tier": "{reward} dès {floor} d'achats",
        "return": "un bon de {reward} si vous revenez dans le même commerce dans les {days} jours",
        "draw": "une chance sur {among} de gagner un bon de {reward}",
        "floor": ", à partir de {amount} d'achats",
        "when": ", {windows}",
        "first": ", pour les {count} premiers",
        "on_days": "le {days}",
        "hours": "de {start} à {end}",
        "any_time": "à toute heure",
        "weekdays": "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "or": "ou",
        "sole": "Ces avantages ne s'ajoutent pas : le meilleur vous est donné.",
        "excluded": "Ne comptent pas : {families}.",
        "family_alcohol": "alcool",
        "family_tobacco": "tabac",
        "family_gift-card": "cartes cadeaux",
        "most": "Au plus {most} {period}.",
        "times": "{} récompenses",
        "per_sale": "par achat",
        "per_day": "par personne et par jour",
        "per_week": "par personne et par semaine",
        "per_campaign": "par personne en tout",
        "claim": "Scannez le code de votre ticket dans les {days} jours.",
    },
    "en": {
        "percent": "{rate} of what you buy",
        "percent_of_first": "{rate} of the first {most} of each purchase",
        "tier": "{reward} from {floor} on",
        "return": "a voucher of {reward} if you come back to the same shop within {days} days",
        "draw": "one chance in {among} to win a voucher of {reward}",
        "floor": ", from {amount} on",
        "when": ", {windows}",
        "first": ", for the first {count}",
        "on_days": "on {days}",
        "hours": "from {start} to {end}",
        "any_time": "at any time",
        "weekdays": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "or": "or",
        "sole": "These do not add up: you get the best one.",
        "excluded": "Not counted: {families}.",
        "family_alcohol": "alcohol",
        "family_tobacco": "tobacco",
        "family_gift-card": "gift cards",
        "most": "At most {most} {period}.",
        "times": "{} rewards",
        "per_sale": "per purchase",
        "per_day": "per person and day",
        "per_week": "per person and week",
        "per_campaign": "per person in all",
        "claim": "Scan the code of your receipt within {days} days.",
    },
}
