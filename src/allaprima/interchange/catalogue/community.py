"""Files that other people have published, by the lists ``awesome-pretrained-stylegan2`` and ``-3`` and those of forks.

Most of these publishers say nothing of a licence, and their addresses die sooner.
"""

from allaprima.interchange.catalogue.entry import Entry
from allaprima.interchange.catalogue.nvidia import DRIVE

NOT_STATED = "not stated"
ADA = "StyleGAN2-ADA (PyTorch)"
T = "StyleGAN3 (PyTorch)"
TENSORFLOW = "StyleGAN2 (TensorFlow)"
AWESOME2 = "https://github.com/justinpinkney/awesome-pretrained-stylegan2"
AWESOME3 = "https://github.com/justinpinkney/awesome-pretrained-stylegan3"
LUCID = "https://github.com/edstoica/lucid_stylegan3_datasets_models"
GAN_ZOO = "https://github.com/facebookresearch/pytorch_GAN_zoo"
FACEBOOK = "https://dl.fbaipublicfiles.com/gan_zoo/"


def _self_distilled(data: str, size: int) -> Entry:
    """One of Self-Distilled StyleGAN: Towards Generation from Internet Photos (Mokady et al. 2022)."""
    file = f"{data}_{size}_pytorch.pkl"
    return Entry(
        name=f"self-distilled-{data}-{size}",
        url=f"https://storage.googleapis.com/self-distilled-stylegan/{file}",
        architecture="StyleGAN2",
        height=size,
        width=size,
        file_name=file,
        format=ADA,
        licence=NOT_STATED,
        source="https://github.com/self-distilled-stylegan/self-distilled-internet-photos",
        aliases=(f"{data}-{size}",),
    )


SELF_DISTILLED = tuple(
    _self_distilled(data, size)
    for data, size in [
        ("dogs", 1024),
        ("elephants", 512),
        ("lions", 512),
        ("giraffes", 512),
        ("parrots", 512),
        ("horses", 256),
        ("bicycles", 256),
    ]
)


def _single(
    name: str, size: int, url: str, source: str, *, file: str, program: str, note: str = "", labels: int | None = None
) -> Entry:
    """A model of one person; ``file`` is what the cache calls it where the address does not say."""
    return Entry(
        name=name,
        url=url,
        architecture="StyleGAN3-T" if program == T else "StyleGAN2",
        height=size,
        width=size,
        labels=labels,
        file_name=file,
        format=program,
        licence=NOT_STATED,
        source=source,
        note=note,
    )


SINGLE = (
    _single(
        "lhq-1024",
        1024,
        "https://huggingface.co/justinpinkney/lhq-sg2-1024/resolve/main/lhq-sg2-1024.pkl",
        "https://huggingface.co/justinpinkney/lhq-sg2-1024",
        file="lhq-sg2-1024.pkl",
        program=ADA,
    ),
    _single(
        "lhq-256",
        256,
        "https://huggingface.co/justinpinkney/stylegan3-t-lhq-256/resolve/main/lhq-256-stylegan3-t-25Mimg.pkl",
        AWESOME3,
        file="lhq-256-stylegan3-t-25Mimg.pkl",
        program=T,
        note="landscapes",
    ),
    _single(
        "wikiart-1024",
        1024,
        DRIVE + "18MOpwTMJsl_Z17q-wQVnaRLCUFZYSNkj",
        AWESOME3,
        file="wikiart-1024-stylegan3-t-17.2Mimg.pkl",
        program=T,
    ),
    _single(
        "wikiart-classes-1024",
        1024,
        "https://archive.org/download/wikiart-stylegan2-conditional-model/WikiArt5.pkl",
        AWESOME2,
        file="WikiArt5.pkl",
        program=TENSORFLOW,
        labels=167,
    ),
    _single(
        "wikiart-unconditional-1024",
        1024,
        "https://archive.org/download/wikiart-stylegan2-conditional-model/WikiArt_Uncond2.pkl",
        AWESOME2,
        file="WikiArt_Uncond2.pkl",
        program=NOT_STATED,
    ),
    _single(
        "minecraft-1024",
        1024,
        "https://github.com/jeffheaton/pretrained-gan-minecraft/releases/download/v1/minecraft-gan-2020-12-22.pkl",
        "https://github.com/jeffheaton/pretrained-gan-minecraft",
        file="minecraft-gan-2020-12-22.pkl",
        program="StyleGAN2-ADA",
    ),
    _single(
        "maps-1024",
        1024,
        "https://archive.org/download/mapdreamer/mapdreamer.pkl",
        AWESOME2,
        file="mapdreamer.pkl",
        program=TENSORFLOW,
    ),
    _single(
        "fursona-512",
        512,
        "https://thisfursonadoesnotexist.com/model/network-e621-r-512-3194880.pkl",
        "https://thisfursonadoesnotexist.com",
        file="network-e621-r-512-3194880.pkl",
        program=TENSORFLOW,
    ),
    _single(
        "ponies-1024",
        1024,
        "https://thisponydoesnotexist.net/model/network-ponies-1024-151552.pkl",
        "https://thisponydoesnotexist.net",
        file="network-ponies-1024-151552.pkl",
        program=TENSORFLOW,
    ),
    _single(
        "anime-512",
        512,
        DRIVE + "1A-E_E32WAtTHRlOzjhhYhyyBDXLJN9_H",
        "https://github.com/PDillis/stylegan3-fun",
        file="aydao-anime-512.pkl",
        program="StyleGAN2-ADA (PyTorch), extended by aydao",
        note="a larger StyleGAN2 of its own",
    ),
)


def _lucid(name: str, dropbox: str, file: str) -> Entry:
    return Entry(
        name=f"lucid-{name}-256",
        url=f"https://www.dropbox.com/s/{dropbox}/{file}?dl=1",
        architecture="StyleGAN3-T",
        height=256,
        width=256,
        file_name=f"lucid-{name}-256.pkl",  # the published names say nothing
        format=T,
        licence="free also for commercial use, with a link to the source",
        source=LUCID,
    )


LUCID_LAYERS = (
    _lucid("mechanical-devices", "v2oie53cz62ozvu", "network-snapshot-000029.pkl"),
    _lucid("vivid-flowers", "o33lhgnk91hstvx", "network-snapshot-000069.pkl"),
    _lucid("aliens-with-sunglasses", "gur14k0e7kspguy", "network-snapshot-000038.pkl"),
    _lucid("scifi-city", "1kfsmlct4mriphc", "network-snapshot-000210.pkl"),
    _lucid("scifi-spaceships", "02br3mjkma1hubc", "network-snapshot-000162.pkl"),
)


def _zoo(name: str, size: int | None, file: str | None, *, architecture: str = "ProGAN", note: str = "") -> Entry:
    """One of the PyTorch GAN zoo; without an address if ``file`` is None."""
    return Entry(
        name=f"gan-zoo-{name}",
        url=None if file is None else FACEBOOK + file,
        architecture=architecture,
        height=size,
        width=size,
        labels=None,
        file_name=f"gan-zoo-{name}.pth" if file is None else file.rpartition("/")[2],
        format="PyTorch GAN zoo",
        licence="BSD-3-Clause (the program)",
        source=GAN_ZOO,
        note=note,
    )


ZOO = (
    _zoo("celebahq-256", 256, "PGAN/celebaHQ_s6_i80000-6196db68.pth"),
    _zoo("celebahq-512", 512, "PGAN/celebaHQ16_december_s7_i96000-9c72988c.pth"),
    _zoo("celeba-128", 128, "PGAN/celebaCropped_s5_i83000-2b0acc76.pth"),
    _zoo("dtd-128", 128, "PGAN/testDTD_s5_i96000-04efa39f.pth", note="textures"),
    _zoo(
        "stylegan-ffhq",
        None,
        None,
        architecture="StyleGAN",
        note="torch.hub.load of that page fetches it; the address is not known here",
    ),
    _zoo(
        "fashiongen-64",
        64,
        "DCGAN_fashionGen-1d67302.pth",
        architecture="DCGAN",
        note="no model of this family: for completeness",
    ),
)

COMMUNITY: tuple[Entry, ...] = (*SELF_DISTILLED, *SINGLE, *LUCID_LAYERS, *ZOO)
