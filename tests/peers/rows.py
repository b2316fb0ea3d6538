"""The networks that are compared with other people's: one line each.

To add one: a line in ``TRAINED`` or ``ANSWERED`` and, beside the spec, the mapping of the reference's names,
``weights/<spec>.<source>.toml``. What is trained is compared in all it does; what is answered in evaluation alone.
Dropout and stochastic depth are switched off on both sides when all is made, and their rates compared; ``params`` and
``settings`` switch off what a library does not have by default, or has without a module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

CLASSES = 10


class Row(NamedTuple):
    """A spec, and the network that it is said to be.

    Attributes:
        spec: its path below ``specs``, without the suffix.
        reference: ``keras:Xception`` of ``keras.applications``, ``torchvision:resnet50`` of its models (or
            ``torchvision:segmentation.fcn_resnet50``), ``timm:legacy_xception``, or ``plain:lenet.lenet5``, a function
            of ``tests/peers/plain/lenet.py`` (``keras_by_hand:xception_in_keras.xception`` where it is one of Keras).
        sizes: heights and widths of the images, where the spec has a param ``size``. The step of training is taken at
            the smallest.
        params: of the spec, besides ``classes`` and ``size``.
        settings: of the reference's constructor, besides the number of classes.
        learns: images in the step of training; two where a batch norm sees maps of one pixel.
        auxiliary: the reference's last outputs in evaluation that ours has in training alone, and are compared there.
    """

    spec: str
    reference: str
    sizes: tuple[int, ...]
    params: Mapping[str, Any] = {}
    settings: Mapping[str, Any] = {}
    learns: int = 1
    auxiliary: int = 0

    @property
    def source(self) -> str:
        """Whose network the reference is."""
        return self.reference.partition(":")[0]

    @property
    def function(self) -> str:
        """What makes the reference."""
        return self.reference.partition(":")[2]

    def __str__(self) -> str:
        return f"{self.spec}-{self.reference}"


NO_DROPOUT = {"dropout": 0.0}

# Nothing is downloaded. Both sides have the auxiliary classifier's weights, which the file and the mapping are held to.
BACKBONE = {"weights_backbone": None}
SEGMENTS = {**BACKBONE, "aux_loss": True}

TRAINED = (
    # In front of each of its four pools one size has an odd number of rows, the other an even one.
    Row("xception", "keras:Xception", (299, 130)),
    Row("xception_tutorial", "plain:xception.tutorial", (64, 54)),
    Row("xception_pytorch", "timm:legacy_xception", (64, 53)),
    Row("xception_pytorch", "plain:xception.repaired", (64,)),
    Row("xception_pytorch_as_written", "plain:xception.as_written", (64,)),
    Row("inception_v3", "keras:InceptionV3", (139,)),
    Row(
        "inception_v3_torchvision",
        "torchvision:inception_v3",
        (299,),
        settings={"init_weights": False},
        learns=2,
    ),
    Row("resnet50", "torchvision:resnet50", (75,)),
    Row("resnext50_32x4d", "torchvision:resnext50_32x4d", (224, 64)),
    Row("resnext101_32x8d", "torchvision:resnext101_32x8d", (64,)),
    Row("resnet18", "torchvision:resnet18", (75, 64)),
    Row("resnet152", "torchvision:resnet152", (64,)),
    Row("vgg16", "keras:VGG16", (64,), {"grid": 2}),
    Row("alexnet", "torchvision:alexnet", (224, 96)),
    Row("lenet5", "plain:lenet.lenet5", (32,)),
    Row("mobilenet_v1", "keras:MobileNet", (128, 75)),
    Row("mobilenet_v2", "torchvision:mobilenet_v2", (128, 75)),
    Row("mobilenet_v2_keras", "keras:MobileNetV2", (128, 75)),
    Row("efficientnet_b0", "torchvision:efficientnet_b0", (128, 75)),
    Row("efficientnet_b0_keras", "keras:EfficientNetB0", (75,)),
    Row("densenet121", "torchvision:densenet121", (64,)),
    Row("densenet121", "keras:DenseNet121", (64,), {"eps": 1.001e-5, "momentum": 0.01}),
    Row("convnext_tiny", "torchvision:convnext_tiny", (32,)),
    Row("convnext_tiny_keras", "keras:ConvNeXtTiny", (32,)),
    Row("vit_b_16", "torchvision:vit_b_16", (64,), NO_DROPOUT, {"image_size": 64}),
    Row("swin_t", "torchvision:swin_t", (96, 76)),
    Row("unet", "plain:unet.unet", (43,)),
    Row(
        "deeplabv3plus_xception",
        "plain:deeplab.deeplabv3plus_xception",
        (65,),
        {"middle": 2},
        {"middle": 2},
        learns=2,
    ),
    Row("googlenet", "torchvision:googlenet", (75,), settings={"init_weights": False}),
    Row("squeezenet1_1", "torchvision:squeezenet1_1", (75,)),
    Row("shufflenet_v2_x1_0", "torchvision:shufflenet_v2_x1_0", (75,)),
    Row("mnasnet1_0", "torchvision:mnasnet1_0", (75,)),
    Row("mobilenet_v3_large", "torchvision:mobilenet_v3_large", (75,)),
    Row("regnet_y_400mf", "torchvision:regnet_y_400mf", (75,)),
    Row("efficientnet_v2_s", "torchvision:efficientnet_v2_s", (64,)),
    Row("wide_resnet50_2", "torchvision:wide_resnet50_2", (64,)),
    Row("maxvit_t", "torchvision:maxvit_t", (224,)),
    Row("fcn_resnet50", "torchvision:segmentation.fcn_resnet50", (48,), settings=SEGMENTS, auxiliary=1),
    Row(
        "deeplabv3_resnet50",
        "torchvision:segmentation.deeplabv3_resnet50",
        (113,),
        settings=SEGMENTS,
        learns=2,
        auxiliary=1,
    ),
    Row("lraspp_mobilenet_v3_large", "torchvision:segmentation.lraspp_mobilenet_v3_large", (97,), settings=BACKBONE),
    Row("resnetv2_50", "timm:resnetv2_50", (64,)),
    Row("res2net50_26w_4s", "timm:res2net50_26w_4s", (64,)),
    Row("resnest14d", "timm:resnest14d", (64,), learns=2),
    Row("nf_resnet26", "timm:nf_resnet26", (64,)),
    Row("dla34", "timm:dla34", (64,)),
    Row("hrnet_w18_small", "timm:hrnet_w18_small", (64,)),
    Row("ghostnet_100", "timm:ghostnet_100", (75,), NO_DROPOUT, {"drop_rate": 0.0}),
    Row("convnextv2_atto", "timm:convnextv2_atto", (96,)),
    Row("convmixer_768_32", "timm:convmixer_768_32", (42,)),
    Row("poolformer_s12", "timm:poolformer_s12", (64,)),
    Row("mixer_s32", "timm:mixer_s32_224", (96,), settings={"img_size": 96}),
    Row("deit_tiny_distilled", "timm:deit_tiny_distilled_patch16_224", (64,), settings={"img_size": 64}),
    Row("vit_small_patch16_dinov3", "timm:vit_small_patch16_dinov3", (64, 96), settings={"head_init_scale": 1.0}),
    Row("cait_xxs24", "timm:cait_xxs24_224", (64,), settings={"img_size": 64}),
    Row("pvt_v2_b0", "timm:pvt_v2_b0", (64,)),
    Row("mobilevit_xxs", "timm:mobilevit_xxs", (128,)),
    Row("gmlp_s16", "timm:gmlp_s16_224", (64,), settings={"img_size": 64}),
    Row("gmixer_24", "timm:gmixer_24_224", (64,), settings={"img_size": 64}),
    Row("skresnet18", "timm:skresnet18", (64,), learns=2),
    Row("cspresnet50", "timm:cspresnet50", (64,)),
    Row("vovnet39a", "timm:vovnet39a", (64,)),
    Row("dpn48b", "timm:dpn48b", (64,)),
    Row("repvgg_a0", "timm:repvgg_a0", (64,)),
    Row("ecaresnet26t", "timm:ecaresnet26t", (75,)),
    Row("mobilenetv4_conv_small", "timm:mobilenetv4_conv_small", (75,), learns=2),
    Row("twins_svt_small", "timm:twins_svt_small", (224,)),
    Row("swin_v2_t", "torchvision:swin_v2_t", (128, 76)),
    Row("efficientformer_l1", "timm:efficientformer_l1", (224,)),
    Row("starnet_s1", "timm:starnet_s1", (75,)),
    Row("resmlp_12", "timm:resmlp_12_224", (96,), settings={"img_size": 96}),
    Row("focalnet_tiny_srf", "timm:focalnet_tiny_srf", (64,)),
    Row("tiny_vit_5m", "timm:tiny_vit_5m_224", (96,)),
    Row(
        "deeplabv3_mobilenet_v3_large",
        "torchvision:segmentation.deeplabv3_mobilenet_v3_large",
        (97,),
        settings=SEGMENTS,
        learns=2,
        auxiliary=1,
    ),
    Row("levit_128s", "timm:levit_128s", (96,), settings={"img_size": 96}, learns=2),
)

# Its 138 million weights take half a minute for a step; the same spec is trained above at a smaller grid.
ANSWERED = (Row("vgg16", "torchvision:vgg16", (32,)),)

ROWS = (*TRAINED, *ANSWERED)
