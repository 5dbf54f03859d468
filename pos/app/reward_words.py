"""What fronts say of rewards, in the language of the till."""

from __future__ import annotations

from pos.app.views import OfferView
from pos.domain.document import Words
from pos.domain.rewards import RewardLine


def offer_text(offer: OfferView, words: Words) -> str:
    """What the sale under way would earn in a campaign, or why nothing."""
    missing = (
        words.say("reward.missing", amount=words.money(offer.missing)) if offer.missing else ""
    )
    if not offer.amount:
        reason = words.say(f"reward.reason.{offer.reason}")
        return words.say("reward.none", campaign=offer.campaign, reason=reason) + missing
    key = "reward.offer" if offer.is_sure else "reward.offer_subject"
    return words.say(key, campaign=offer.campaign, amount=words.money(offer.amount)) + missing


def earned_text(line: RewardLine, words: Words) -> str:
    """What a settled sale earned, and gave back as a reward."""
    said = []
    if line.earned:
        key = "reward.offer" if line.covered >= line.earned else "reward.offer_subject"
        said.append(words.say(key, campaign=line.name, amount=words.money(line.earned)))
    if line.given_back:
        amount = words.money(line.given_back)
        said.append(words.say("reward.back_as", campaign=line.name, amount=amount))
    return " · ".join(said)
