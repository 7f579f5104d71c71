"""The files that NVIDIA has published with the papers, the newest publication first.

Addresses, file names and shapes as the publications' own pages give them. Nobody has published hashes.
"""

from allaprima.interchange.catalogue.entry import Entry

SOURCE_CODE_LICENCE = "NVIDIA Source Code License, non-commercial"
CC_BY_NC = "CC BY-NC 4.0"
NGC = "https://api.ngc.nvidia.com/v2/models/nvidia/research"
CDN = "https://nvlabs-fi-cdn.nvidia.com"
DRIVE = "https://drive.google.com/uc?export=download&confirm=t&id="
CAR = "photographs of 384×512 between two black bars"


def _ngc(system: str, data: str, size: int) -> Entry:
    """One of the files of 2021, all written by the PyTorch code of StyleGAN3."""
    file = f"{system}-{data}-{size}x{size}.pkl"
    return Entry(
        name=f"{system}-{data}-{size}",
        url=f"{NGC}/{system[:9]}/versions/1/files/{file}",
        architecture={"2": "StyleGAN2", "3": f"StyleGAN3-{system[-1].upper()}"}[system[8]],
        height=size,
        width=size,
        labels=None if data == "cifar10" else 0,
        file_name=file,
        format="StyleGAN3 (PyTorch)",
        licence=SOURCE_CODE_LICENCE,
        source=f"https://catalog.ngc.nvidia.com/orgs/nvidia/teams/research/models/{system[:9]}",
        aliases=(f"{data}-{size}",),
    )


NGC_STYLEGAN2 = tuple(
    _ngc("stylegan2", data, size)
    for data, size in [
        ("ffhq", 1024),
        ("ffhq", 512),
        ("ffhq", 256),
        ("ffhqu", 1024),
        ("ffhqu", 256),
        ("metfaces", 1024),
        ("metfacesu", 1024),
        ("afhqv2", 512),
        ("afhqcat", 512),
        ("afhqdog", 512),
        ("afhqwild", 512),
        ("brecahad", 512),
        ("celebahq", 256),
        ("lsundog", 256),
        ("cifar10", 32),
    ]
)

NGC_STYLEGAN3 = tuple(
    _ngc(f"stylegan3-{kind}", data, size)
    for kind in "tr"
    for data, size in [
        ("ffhq", 1024),
        ("ffhqu", 1024),
        ("ffhqu", 256),
        ("metfaces", 1024),
        ("metfacesu", 1024),
        ("afhqv2", 512),
    ]
)


def _ada(name: str, size: int, file: str, *, labels: int = 0, folder: str = "", note: str = "") -> Entry:
    """One of the files of StyleGAN2-ADA in PyTorch; its own names, as `ffhq`, are aliases through the file name."""
    return Entry(
        name=f"stylegan2-ada-{name}",
        url=f"{CDN}/stylegan2-ada-pytorch/pretrained/{folder}{file}",
        architecture="StyleGAN2",
        height=size,
        width=size,
        labels=labels,
        file_name=file,
        format="StyleGAN2-ADA (PyTorch)",
        licence=SOURCE_CODE_LICENCE,
        source="https://github.com/NVlabs/stylegan2-ada-pytorch",
        note=note,
    )


def _transfer(name: str, size: int, file: str) -> Entry:
    return _ada(
        f"transfer-{name}-{size}",
        size,
        file,
        folder="transfer-learning-source-nets/",
        note="made to begin other trainings with",
    )


STYLEGAN2_ADA = (
    _ada("ffhq-1024", 1024, "ffhq.pkl"),
    _ada("metfaces-1024", 1024, "metfaces.pkl"),
    _ada("afhqcat-512", 512, "afhqcat.pkl"),
    _ada("afhqdog-512", 512, "afhqdog.pkl"),
    _ada("afhqwild-512", 512, "afhqwild.pkl"),
    _ada("cifar10-32", 32, "cifar10.pkl", labels=10),
    _ada("brecahad-512", 512, "brecahad.pkl"),
    _transfer("ffhq", 256, "ffhq-res256-mirror-paper256-noaug.pkl"),
    _transfer("ffhq", 512, "ffhq-res512-mirror-stylegan2-noaug.pkl"),
    _transfer("ffhq", 1024, "ffhq-res1024-mirror-stylegan2-noaug.pkl"),
    _transfer("celebahq", 256, "celebahq-res256-mirror-paper256-kimg100000-ada-target0.5.pkl"),
    _transfer("lsundog", 256, "lsundog-res256-paper256-kimg100000-noaug.pkl"),
)

SIZES = {"ffhq": 1024, "car": 512, "cat": 256, "church": 256, "horse": 256}  # of what the TensorFlow networks paint


def _tensorflow(data: str, config: str, *, folder: str = "") -> Entry:
    """One of the files of StyleGAN2 in TensorFlow; configuration A is a StyleGAN, B to D grow."""
    stem = f"stylegan2-{data}-config-{config}"
    return Entry(
        name=stem.lower(),
        url=f"{CDN}/stylegan2/networks/{folder}{stem}.pkl",
        architecture="StyleGAN" if config == "a" else "StyleGAN2",
        height=SIZES[data],
        width=SIZES[data],
        file_name=f"{stem}.pkl",
        format="StyleGAN2 (TensorFlow)",
        licence=SOURCE_CODE_LICENCE,
        source="https://github.com/NVlabs/stylegan2",
        aliases=(f"{data}-{SIZES[data]}",) if config == "f" else (),
        note=CAR if data == "car" else "",
    )


KINDS = ("orig", "skip", "resnet")
STYLEGAN2 = (
    *(_tensorflow(data, "f") for data in SIZES),
    *(_tensorflow(data, config) for data in ("ffhq", "car") for config in "abcde"),
    *(_tensorflow(data, "a") for data in ("cat", "church", "horse")),
    *(
        _tensorflow(data, f"e-G{generator}-D{discriminator}", folder="table2/")
        for data in ("ffhq", "car")
        for generator in KINDS
        for discriminator in KINDS
    ),
)


def _stylegan(data: str, size: int, drive: str, published_size: str, note: str = "") -> Entry:
    """One of the files of the first StyleGAN."""
    return Entry(
        name=f"stylegan-{data}-{size}",
        url=DRIVE + drive,
        architecture="StyleGAN",
        height=size,
        width=size,
        file_name=f"karras2019stylegan-{data}-{published_size}.pkl",
        format="StyleGAN (TensorFlow)",
        licence=CC_BY_NC,
        source="https://github.com/NVlabs/stylegan",
        aliases=(f"{data}-{size}",),
        note=note,
    )


STYLEGAN = (
    _stylegan("ffhq", 1024, "1MEGjdvVpUsu1jB4zrXZN7Y4kBBOzizDQ", "1024x1024"),
    _stylegan("celebahq", 1024, "1MGqJl28pN4t7SAtSrPdSRJSQJqahkzUf", "1024x1024"),
    _stylegan("bedrooms", 256, "1MOSKeGF0FJcivpBI7s63V9YHloUTORiF", "256x256"),
    _stylegan("cars", 512, "1MJ6iCfNtMIRicihwRorsM3b7mmtmK9c3", "512x384", note=CAR),
    _stylegan("cats", 256, "1MQywl0FNt6lHu8E_EUqnRbviagS7fbiJ", "256x256"),
)


def _progan(data: str, size: int) -> Entry:
    """One of the files of Progressive GAN, which are in a folder of Google Drive without addresses of their own."""
    return Entry(
        name=f"progan-{data}-{size}",
        url=None,
        architecture="ProGAN",
        height=size,
        width=size,
        file_name=f"karras2018iclr-{data}-{size}x{size}.pkl",
        format="Progressive GAN (TensorFlow)",
        licence=CC_BY_NC,
        source="https://github.com/tkarras/progressive_growing_of_gans",
        aliases=(f"{data}-{size}",),
        note="in the Google Drive folder of that page, under networks/tensorflow-version",
    )


ROOMS_AND_THINGS = ("airplane", "bedroom", "bird", "car", "cat", "diningtable", "livingroom")
PROGAN = (_progan("celebahq", 1024), *(_progan(f"lsun-{data}", 256) for data in ROOMS_AND_THINGS))

NVIDIA: tuple[Entry, ...] = (*NGC_STYLEGAN2, *NGC_STYLEGAN3, *STYLEGAN2_ADA, *STYLEGAN2, *STYLEGAN, *PROGAN)
