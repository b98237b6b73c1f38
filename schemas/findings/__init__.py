"""What stages find, as typed, frozen records; arrays over classes are in the order of the run's `classes`."""

from labelworks.schemas.findings.base import Class, Findings, Interval, Number
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
    "ChangePoint",
    "ChangedPair",
    "Class",
    "ColumnFindings",
    "ConfusedPair",
    "CrowdFindings",
    "DetectEvidence",
    "DetectFigures",
    "DriftFindings",
    "EmbeddingFigures",
    "FeatureDrift",
    "Figures",
    "Findings",
    "Group",
    "GroupFindings",
    "InferredFindings",
    "IngestFigures",
    "Interval",
    "JudgeFindings",
    "JudgedRow",
    "JudgesFindings",
    "LabelSetFindings",
    "LeakageFindings",
    "LeakedRow",
    "Look",
    "MonitorFindings",
    "NewClass",
    "NoiseFindings",
    "Number",
    "PartFindings",
    "PredictionSetFindings",
    "PropertyFindings",
    "PublishFigures",
    "RenamedClass",
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
]
