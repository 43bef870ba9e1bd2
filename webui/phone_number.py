"""Where the hyphens of a Japanese telephone number go.  Display only: the store keeps digits.

Source: the numbering plan of the Ministry of Internal Affairs (市外局番): area code and exchange together are
six digits, the subscriber's number four.  An area code that is not listed is shown as three digits.
"""

from __future__ import annotations

from typing import Final


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


PREFIXES: Final = {
    "0120": (4, 3),
    "0800": (4, 3),
    "0570": (4, 3),
    "0180": (4, 3),
    "0990": (4, 3),
    "020": (3, 4),
    "050": (3, 4),
    "060": (3, 4),
    "070": (3, 4),
    "080": (3, 4),
    "090": (3, 4),
}

FIVE_DIGITS: Final = _codes("""
    01267 01372 01374 01377 01392 01397 01398 01456 01457 01466 01547 01558 01564 01586 01587 01632
    01634 01635 01648 01654 01655 01656 01658 04992 04994 04996 04998 05769 05979 07468 08387 08388
    08396 08477 08512 08514 09496 09802 09912 09913 09969
""")

TWO_DIGITS_04: Final = ("0429", "0471", "04709")  # 04-29…, 04-71…, 04-709…: Tokorozawa, Kashiwa, Kamogawa

THREE_DIGITS: Final = _codes("""
    011 015 017 018 019 022 023 024 025 026 027 028 029 042 043 044 045 046 047 048 049 052 053 054
    055 058 059 072 073 075 076 077 078 079 082 083 084 086 087 088 089 092 093 095 096 097 098 099
""")

FOUR_DIGITS: Final = _codes("""
    0152 0153 0154 0155 0156 0157 0158 0162 0163 0164 0165 0166 0167 0172 0173 0174 0175 0176 0178
    0179 0182 0183 0184 0185 0186 0187 0191 0192 0193 0194 0195 0197 0198 0220 0223 0224 0225 0226
    0228 0229 0233 0234 0235 0237 0238 0240 0241 0242 0243 0244 0246 0247 0248 0250 0254 0255 0256
    0257 0258 0259 0260 0261 0263 0264 0265 0266 0267 0268 0269 0270 0274 0276 0277 0278 0279 0280
    0282 0283 0284 0285 0287 0288 0289 0291 0293 0294 0295 0296 0297 0299 0422 0428 0436 0438 0439
    0460 0463 0465 0466 0467 0470 0475 0476 0478 0479 0480 0493 0494 0495 0531 0532 0533 0536 0537
    0538 0539 0544 0545 0547 0548 0550 0551 0553 0554 0555 0556 0557 0558 0581 0584 0585 0586 0587
    0594 0595 0596 0597 0598 0599 0721 0725 0735 0736 0737 0738 0739 0740 0742 0743 0744 0745 0746
    0747 0748 0749 0761 0763 0765 0766 0767 0768 0770 0771 0772 0773 0774 0776 0778 0779 0790 0791
    0794 0795 0796 0797 0798 0799 0820 0823 0824 0826 0827 0829 0833 0834 0835 0836 0837 0838 0845
    0846 0847 0848 0852 0853 0854 0855 0856 0857 0858 0859 0863 0865 0866 0867 0868 0869 0875 0877
    0879 0880 0883 0884 0885 0887 0889 0892 0893 0894 0895 0896 0897 0898 0920 0930 0940 0942 0943
    0944 0946 0947 0948 0949 0950 0952 0954 0955 0956 0957 0959 0964 0965 0966 0967 0968 0969 0972
    0973 0974 0977 0978 0979 0980 0982 0983 0984 0985 0986 0987 0993 0994 0995 0996 0997
""")


def hyphenated(digits: str) -> str:
    """0444305356 → 044-430-5356; what is no Japanese number comes back as it is."""
    if not digits.isdigit() or len(digits) not in (10, 11) or digits[0] != "0":
        return digits
    area, exchange = _cuts(digits)
    return f"{digits[:area]}-{digits[area : area + exchange]}-{digits[area + exchange :]}"


def _cuts(digits: str) -> tuple[int, int]:
    for size in (4, 3):
        if digits[:size] in PREFIXES and (size == 4 or len(digits) == 11):
            return PREFIXES[digits[:size]]
    if len(digits) == 11:
        return 3, 4
    area = _area_size(digits)
    return area, 6 - area


def _area_size(digits: str) -> int:
    if digits[:2] in ("03", "06") or digits.startswith(TWO_DIGITS_04):
        return 2
    if digits[:5] in FIVE_DIGITS:
        return 5
    if digits[:4] in FOUR_DIGITS:
        return 4
    return 3 if digits[:3] in THREE_DIGITS else 4


def masked(digits: str) -> str:
    """The last four digits alone are left: for monitors that anybody may see."""
    return "＊" * max(0, len(digits) - 4) + digits[-4:]
