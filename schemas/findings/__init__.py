"""What stages find, as typed, frozen records; arrays over classes are in the order of the run's `classes`."""

from labelworks.schemas.findings.base import Class, Findings, Interval, Number
from labelworks.schemas.findings.calibration import CalibrationFindings, ReliabilityBin
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
from labelworks.schemas.findings.health import ClassHealth, HealthFindings, OrderFindings, ValueFindings
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
    PseudoLabelFindings,
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
    MappedRow,
    PredictionSetFindings,
    PublishFigures,
    RenamedClass,
    SampleMap,
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
from labelworks.schemas.findings.trees import TreeFindings
from labelworks.schemas.findings.trend import TrendFindings, VersionFigures

__all__ = [
    "AdaptedRows",
    "AnnotatorQuality",
    "ArmFindings",
    "AuditFindings",
    "CalibrationFindings",
    "ChangePoint",
    "ChangedPair",
    "Class",
    "ClassHealth",
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
    "HealthFindings",
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
    "MappedRow",
    "ModelRank",
    "MonitorFindings",
    "NewClass",
    "NoiseFindings",
    "Number",
    "OddRegion",
    "OrderFindings",
    "PartFindings",
    "PerformanceFindings",
    "PoisonFindings",
    "PredictionSetFindings",
    "PropertyFindings",
    "PseudoLabelFindings",
    "PublishFigures",
    "RankingFindings",
    "ReliabilityBin",
    "RenamedClass",
    "ReviewerFindings",
    "RuleFindings",
    "RulesFindings",
    "SampleMap",
    "ShiftFindings",
    "ShortcutFindings",
    "SplitFindings",
    "TargetDrift",
    "TreatEvidence",
    "TreatFigures",
    "TreatmentFindings",
    "TreeFindings",
    "TrendFindings",
    "UnknownFindings",
    "ValidateFigures",
    "ValidationFindings",
    "ValueFindings",
    "VersionFigures",
    "WeightFactor",
    "WindowAlarm",
    "WindowFindings",
    "WindowPerformance",
]
