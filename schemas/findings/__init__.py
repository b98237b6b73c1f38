"""What stages find, as typed, frozen records; arrays over classes are in the order of the run's `classes`."""

from labelworks.schemas.findings.base import Class, Findings, Interval, Number
from labelworks.schemas.findings.content import ContentFindings, IssueFindings
from labelworks.schemas.findings.decisions import AuditFindings, DecisionsFindings, ReviewerFindings
from labelworks.schemas.findings.drift import (
    ChangedPair,
    ChangePoint,
    ColumnFindings,
    DriftFindings,
    Group,
    GroupFindings,
    LabelSetFindings,
    Look,
    MonitorFindings,
    WindowAlarm,
    WindowFindings,
)
from labelworks.schemas.findings.inferred import InferredFindings
from labelworks.schemas.findings.judges import JudgeFindings, JudgesFindings
from labelworks.schemas.findings.leakage import LeakageFindings, LeakedRow, SplitFindings
from labelworks.schemas.findings.noise import AnnotatorQuality, ConfusedPair, CrowdFindings, NoiseFindings
from labelworks.schemas.findings.performance import (
    ClassPerformance,
    Figure,
    ModelRank,
    PerformanceFindings,
    RankingFindings,
    WindowPerformance,
)
from labelworks.schemas.findings.poison import OddRegion, PoisonFindings
from labelworks.schemas.findings.rules import RuleFindings, RulesFindings
from labelworks.schemas.findings.shift import (
    AdaptedRows,
    FeatureDrift,
    NewClass,
    ShiftFindings,
    TargetDrift,
    UnknownFindings,
)
from labelworks.schemas.findings.shortcuts import PropertyFindings, ShortcutFindings
from labelworks.schemas.findings.stages import (
    DetectEvidence,
    DetectFigures,
    EmbeddingFigures,
    Figures,
    IngestFigures,
    JudgedRow,
    PredictionSetFindings,
    PublishFigures,
    RenamedClass,
    TreatEvidence,
    TreatFigures,
    ValidateFigures,
)
from labelworks.schemas.findings.treatment import (
    ArmFindings,
    PartFindings,
    TreatmentFindings,
    ValidationFindings,
    WeightFactor,
)
from labelworks.schemas.findings.trend import TrendFindings, VersionFigures

__all__ = [
    "AdaptedRows",
    "AnnotatorQuality",
    "ArmFindings",
    "AuditFindings",
    "ChangePoint",
    "ChangedPair",
    "Class",
    "ClassPerformance",
    "ColumnFindings",
    "ConfusedPair",
    "ContentFindings",
    "CrowdFindings",
    "DecisionsFindings",
    "DetectEvidence",
    "DetectFigures",
    "DriftFindings",
    "EmbeddingFigures",
    "FeatureDrift",
    "Figure",
    "Figures",
    "Findings",
    "Group",
    "GroupFindings",
    "InferredFindings",
    "IngestFigures",
    "Interval",
    "IssueFindings",
    "JudgeFindings",
    "JudgedRow",
    "JudgesFindings",
    "LabelSetFindings",
    "LeakageFindings",
    "LeakedRow",
    "Look",
    "ModelRank",
    "MonitorFindings",
    "NewClass",
    "NoiseFindings",
    "Number",
    "OddRegion",
    "PartFindings",
    "PerformanceFindings",
    "PoisonFindings",
    "PredictionSetFindings",
    "PropertyFindings",
    "PublishFigures",
    "RankingFindings",
    "RenamedClass",
    "ReviewerFindings",
    "RuleFindings",
    "RulesFindings",
    "ShiftFindings",
    "ShortcutFindings",
    "SplitFindings",
    "TargetDrift",
    "TreatEvidence",
    "TreatFigures",
    "TreatmentFindings",
    "TrendFindings",
    "UnknownFindings",
    "ValidateFigures",
    "ValidationFindings",
    "VersionFigures",
    "WeightFactor",
    "WindowAlarm",
    "WindowFindings",
    "WindowPerformance",
]
