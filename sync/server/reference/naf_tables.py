"""The tables behind `naf`: divisions, trades by prefix of a code, and what became of each code.

The divisions' names are short ones of our own. What a code became is INSEE's table of NAF rév. 2
against NAF 2025 (insee.fr/fr/information/8181066, edition of January 2026), for the trades that
sell over a counter. A shop that only mediates sales left its retail code for 4791Y, 4792G, 4792H or
4792J: so says the table, and so most retail codes have two successors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

Trade: TypeAlias = Literal[
    "bakery",
    "food",
    "restaurant",
    "clothing",
    "books",
    "leisure",
    "beauty",
    "home",
    "health",
    "services",
    "other",
]
TRADES: Final[tuple[Trade, ...]] = get_args(Trade)

_DIVISIONS: Final = """
01|Culture et élevage|Crops and livestock
02|Forêt|Forestry
03|Pêche et aquaculture|Fishing and aquaculture
05|Mines de charbon|Coal mining
06|Pétrole brut et gaz|Crude oil and gas
07|Minerais métalliques|Metal ores
08|Carrières et autres minéraux|Quarries and other minerals
09|Appui aux mines|Mining support
10|Fabrication d'aliments|Food making
11|Fabrication de boissons|Drinks making
12|Fabrication de tabac|Tobacco making
13|Textile|Textiles
14|Confection de vêtements|Clothes making
15|Cuir et chaussure|Leather and shoes
16|Bois, liège, vannerie|Wood, cork, basketry
17|Papier et carton|Paper and board
18|Imprimerie|Printing
19|Raffinage et cokerie|Refining and coke
20|Chimie|Chemicals
21|Médicaments|Medicines
22|Caoutchouc et plastique|Rubber and plastic
23|Verre, céramique, béton|Glass, ceramics, concrete
24|Métallurgie|Basic metals
25|Produits en métal|Metal products
26|Électronique et optique|Electronics and optics
27|Équipement électrique|Electrical equipment
28|Machines|Machinery
29|Automobile|Motor vehicles
30|Autres véhicules|Other vehicles
31|Fabrication de meubles|Furniture making
32|Autres fabrications|Other making
33|Réparation de machines|Repair of machines
35|Électricité et gaz|Electricity and gas
36|Eau potable|Water supply
37|Eaux usées|Sewerage
38|Déchets et recyclage|Waste and recycling
39|Dépollution|Decontamination
41|Bâtiment|Building
42|Travaux publics|Civil engineering
43|Métiers du bâtiment|Building trades
45|Automobile : vente et réparation|Cars: sale and repair
46|Commerce de gros|Wholesale
47|Commerce de détail|Retail
49|Transport par terre|Land transport
50|Transport sur l'eau|Water transport
51|Transport aérien|Air transport
52|Entrepôts et services du transport|Warehouses and transport services
53|Poste et courrier|Post and couriers
55|Hébergement|Accommodation
56|Restauration et cafés|Restaurants and cafés
58|Édition|Publishing
59|Cinéma, vidéo, musique|Film, video, music
60|Radio et télévision|Radio and television
61|Télécommunications|Telecommunications
62|Informatique|Computing
63|Services d'information|Information services
64|Banque|Banking
65|Assurance|Insurance
66|Auxiliaires de la finance|Finance support
68|Immobilier|Real estate
69|Droit et comptabilité|Law and accounting
70|Sièges et conseil|Head offices and consulting
71|Architecture et ingénierie|Architecture and engineering
72|Recherche|Research
73|Publicité et études|Advertising and market research
74|Autres métiers spécialisés|Other specialised trades
75|Vétérinaires|Veterinary care
77|Location|Rental
78|Emploi et intérim|Employment agencies
79|Voyages|Travel agencies
80|Sécurité et enquêtes|Security and investigation
81|Bâtiments et espaces verts|Buildings and green spaces
82|Services de bureau|Office services
84|Administration publique|Public administration
85|Enseignement|Education
86|Santé|Health
87|Hébergement médico-social|Residential care
88|Action sociale|Social work
90|Arts et spectacles|Arts and shows
91|Bibliothèques et musées|Libraries and museums
92|Jeux d'argent|Gambling
93|Sport et loisirs|Sport and leisure
94|Associations|Associations
95|Réparation d'objets|Repair of goods
96|Services personnels|Personal services
97|Employeurs à domicile|Households as employers
98|Ménages pour leur usage|Households for own use
99|Organismes internationaux|International bodies
"""
_SUCCESSORS: Final = """
1013B 1013H
1020Z 1020Y
1052Z 1052Y
1071A 1061H 1071G
1071B 4724Y
1071C 1071H
1071D 1071J
1072Z 1072Y
1073Z 1073Y
1082Z 1082Y
1083Z 1083Y
1084Z 1084Y
1085Z 1085Y
4520A 9531G 9540Y
4520B 9531H 9540Y
4711A 4711H 4711J 4711K 4791Y
4711B 4711G 4791Y
4711C 4711H 4791Y
4711D 4711J 4791Y
4711E 4711J 4791Y
4711F 4711K 4791Y
4719A 4712G 4791Y
4719B 4712H 4791Y
4721Z 4721Y 4792J
4722Z 4722Y 4792J
4723Z 4723Y 4792J
4724Z 4724Y 4792J
4725Z 4725Y 4792J
4726Z 4726Y 4792H
4729Z 4727G 4727H 4792J
4730Z 4730Y 4792J
4741Z 4740Y 4792J
4742Z 4740Y 4792J
4743Z 4740Y 4792J
4751Z 4751Y 4792J
4752A 4752G 4792J
4752B 4752H 4792J
4753Z 4753Y 4792J
4754Z 4754Y 4792J
4759A 4755G 4792J
4759B 4752G 4752H 4755H 4769Y 4792J
4761Z 4761Y 4792J
4762Z 4762Y 4792H 4792J
4763Z 4769Y 4792J
4764Z 4763Y 4792J
4765Z 4764Y 4792J
4771Z 4771Y 4792J
4772A 4772G 4792J
4772B 4772H 4792J
4773Z 4773Y 4792J
4774Z 4774H 4792J
4775Z 4775Y 4792J
4776Z 4776Y 4792J
4777Z 4777Y 4792J
4778A 4774G 4792J
4778B 4778G 4792J
4778C 4755H 4763Y 4769Y 4778H 4792J
4779Z 4779G 4779H 4791Y 4792J
5510Z 5510Y
5520Z 5520Y
5530Z 5530Y
5590Z 5590Y
5610A 5611G
5610B 5611H
5610C 5611J 5612Y
5621Z 5621Y
5629A 5622Y
5629B 5622Y
5630Z 5630Y
5914Z 5914Y
9511Z 9510Y
9512Z 9510Y
9521Z 9521Y
9522Z 9522Y
9523Z 9523Y
9524Z 9524Y
9525Z 9525Y
9529Z 9529G 9529H
9601A 5320H 9610G
9601B 5320H 9610H 9691Y
9602A 9621G 9621H
9602B 9622Y
9603Z 9630Y
9604Z 9623Y
9609Z 9699G 9699H
"""
_BOTH: Final[Mapping[Trade, str]] = {
    "bakery": "1071 4724",
    "food": "01 03 10 11 4711 472",
    "restaurant": "56",
    "clothing": "14 4751 4771 4772 4777",
    "books": "4726 4761 4762",
    "leisure": "5914 90 91 93",
    "beauty": "4775",
    "home": "474 4752 4753 4754 4776",
    "health": "4773 4774 86",
    "services": "55 75 77 79 95 96",
}
_ONLY_REV_2: Final[Mapping[Trade, str]] = {
    "food": "4781",
    "clothing": "4782",
    "leisure": "4763 4764 4765",
    "beauty": "9602 9604",
    "home": "4759",
    "health": "4778A",
    "services": "45",
}
_ONLY_2025: Final[Mapping[Trade, str]] = {
    "leisure": "4763 4764 4769",
    "beauty": "962",
    "home": "4755",
    "services": "4781 4782 4783",
}


def _divisions() -> dict[str, tuple[str, str]]:
    rows = (line.split("|") for line in _DIVISIONS.split("\n") if line)
    return {number: (french, english) for number, french, english in rows}


def _successors() -> dict[str, tuple[str, ...]]:
    rows = (line.split() for line in _SUCCESSORS.split("\n") if line)
    return {old: tuple(new) for old, *new in rows}


def _trades(*tables: Mapping[Trade, str]) -> dict[str, Trade]:
    return {
        prefix: trade
        for table in tables
        for trade, prefixes in table.items()
        for prefix in prefixes.split()
    }


# The number of a division: its name in French and in English.
DIVISIONS: Final[Mapping[str, tuple[str, str]]] = _divisions()
SUCCESSORS: Final[Mapping[str, tuple[str, ...]]] = _successors()
# The longest prefix of a code decides.
TRADES_REV_2: Final[Mapping[str, Trade]] = _trades(_BOTH, _ONLY_REV_2)
TRADES_2025: Final[Mapping[str, Trade]] = _trades(_BOTH, _ONLY_2025)
