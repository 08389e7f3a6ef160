"""Where each statement of the two public texts is covered, in the order of the texts: rules, scenarios, comparisons.

`ARTICLE` is the article on message queues, waiting for interrupts and allocating memory in CHERIoT RTOS, `GUIDE` the
chapter on FreeRTOS in the CHERIoT programmers' guide. A statement is covered if each identifier it names is: a
scenario or a comparison that exists, a rule that some scenario or comparison exercises.
"""

from collections.abc import Collection

ARTICLE: tuple[str, ...] = (
    "QC-5 QC-7 MQ-8 MQ-10",  # 1
    "QC-5 SG-14",  # 2
    "QC-5",  # 3
    "QC-5 QC-2",  # 4
    "QC-5 SG-12",  # 5
    "QC-5",  # 6
    "QC-2 QC-3 QC-4",  # 7
    "SG-9 SC-93 SC-181",  # 8
    "MQ-19 SG-12 CP-12",  # 9
    "TO-9 MQ-8 MQ-15",  # 10
    "SG-1 SG-5 SG-7",  # 11
    "MQ-30 CP-12",  # 12
    "MQ-12 MQ-30",  # 13
    "CP-12 SG-10",  # 14
    "SG-1 SC-178",  # 15
    "SG-2 SC-178",  # 16
    "SG-25 SC-101",  # 17
    "SG-3 SG-6 SG-26 SC-102",  # 18
    "SG-13 MQ-22",  # 19
    "TK-4 TK-14",  # 20
    "MQ-22 TK-20 SC-96",  # 21
    "MQ-19 SG-12 SC-103",  # 22
    "SG-12 SC-103",  # 23
    "SG-12",  # 24
    "TK-21 SG-13",  # 25
    "SG-13 SC-152 SC-154",  # 26
    "IR-1 QC-10",  # 27
    "QC-10",  # 28
    "IR-1",  # 29
    "FX-1 FX-5 FX-6",  # 30
    "FX-1",  # 31
    "LK-1 LK-9 LK-14 MQ-8",  # 32
    "LK-31 QC-6 SC-77",  # 33
    "TO-4 MW-1",  # 34
    "TO-9 QC-8",  # 35
    "QC-8",  # 36
    "IR-3 SC-44",  # 37
    "IR-7 SC-45 SC-47",  # 38
    "IR-8 MW-2 SC-57",  # 39
    "IR-4 SG-15 SC-41",  # 40
    "QC-3 SG-16",  # 41
    "SG-18",  # 42
    "QC-1",  # 43
    "SG-18 SC-120",  # 44
    "SG-18",  # 45
    "QC-2",  # 46
    "QC-2",  # 47
    "QC-4",  # 48
    "SG-4 SG-7 SC-179 SC-180",  # 49
    "HP-20 HP-31 SG-17 SC-126 SC-182",  # 50
    "HP-22 HP-43 SG-18 SC-120 SC-123",  # 51
    "HP-1 HP-5 SG-19",  # 52
    "MQ-20 SC-97",  # 53
    "TK-30",  # 54
    "QC-6 QC-13",  # 55
)

GUIDE: tuple[str, ...] = (
    "QC-2",  # 1
    "SG-5 SG-18",  # 2
    "AU-3",  # 3
    "TH-1",  # 4
    "CP-1",  # 5
    "TH-1 CP-1",  # 6
    "TH-1",  # 7
    "SG-20 CP-40",  # 8
    "CP-40 CP-41 SC-186",  # 9
    "TH-1",  # 10
    "TP-2",  # 11
    "TP-2 TP-5 SC-109",  # 12
    "TP-2",  # 13
    "TP-4 SC-112",  # 14
    "TP-4 QC-1",  # 15
    "TP-6",  # 16
    "SC-113",  # 17
    "SC-113",  # 18
    "SC-113",  # 19
    "SC-113",  # 20
    "SC-113",  # 21
    "SC-107",  # 22
    "SC-113 EG-1",  # 23
    "SC-113 EG-1",  # 24
    "SC-113 EG-1",  # 25
    "SC-113 EG-1",  # 26
    "SC-113 EG-1",  # 27
    "LK-14",  # 28
    "LK-30 QC-6 SC-100",  # 29
    "SC-69",  # 30
    "LK-14 LK-17 SC-72 SC-77",  # 31
    "SC-70",  # 32
    "SC-114",  # 33
    "TM-3 QC-9 SC-115 SC-116",  # 34
    "QC-1 SC-143",  # 35
    "HP-5 SC-97",  # 36
    "HP-4 AU-3",  # 37
    "SG-13",  # 38
    "CP-14",  # 39
    "LK-1 SC-77",  # 40
    "QC-12 AU-3",  # 41
    "CP-14 SG-23 SC-17",  # 42
    "AU-3 CP-4",  # 43
    "SC-113",  # 44
    "CP-1",  # 45
    "SG-14",  # 46
    "TK-30 SG-21",  # 47
    "TK-30 SG-19 SC-159",  # 48
    "TK-30 SG-13 SC-152",  # 49
    "TK-30 SC-159",  # 50
)


def uncovered(known: Collection[str]) -> list[str]:
    """One line for each statement with an identifier that is not among the `known` ones."""
    return [
        f"{text}, statement {number}: nothing for {', '.join(missing)}"
        for text, rows in (("article", ARTICLE), ("guide", GUIDE))
        for number, row in enumerate(rows, 1)
        if (missing := [one for one in row.split() if one not in known])
    ]
