"""What fronts say of rewards, in the language of the till."""

from __future__ import annotations

from pos.app.views import OfferView
from pos.domain.document import Words
from pos.domain.rewards import RewardLine


def offer_text(offer: OfferView, words: Words) -> str:
    """What the sale under way would earn in a campaign, or why nothing, in one sentence."""
    if not offer.amount:
        return offer_note(offer, words)
    amount = words.say("reward.offer", campaign=offer.campaign, amount=words.money(offer.amount))
    note = offer_note(offer, words)
    return f"{amount}, {note}" if note else amount


def offer_note(offer: OfferView, words: Words) -> str:
    """What is to be said beside the amount: why it is nothing, not sure, or could be more."""
    missing = words.money(offer.missing) if offer.missing else ""
    if missing and offer.reason == "floor":
        return words.say("reward.not_yet", campaign=offer.campaign, amount=missing)
    said = []
    if not offer.amount:
        reason = words.say(f"reward.reason.{offer.reason}")
        said.append(words.say("reward.none", campaign=offer.campaign, reason=reason))
    elif not offer.is_sure:
        said.append(words.say("reward.subject"))
    if missing:
        said.append(words.say("reward.missing", amount=missing))
    return ", ".join(said)


def earned_text(line: RewardLine, words: Words) -> str:
    """What a settled sale earned, and gave back as a reward, in one sentence."""
    said = []
    if line.earned:
        earned = words.say("reward.offer", campaign=line.name, amount=words.money(line.earned))
        is_sure = line.covered >= line.earned
        said.append(earned if is_sure else f"{earned}, {words.say('reward.subject')}")
    if line.given_back:
        amount = words.money(line.given_back)
        said.append(words.say("reward.back_as", campaign=line.name, amount=amount))
    return " · ".join(said)
