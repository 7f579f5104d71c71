/* Single passes over feature maps where PyTorch makes several: Winograd's transforms of tiles, their products, a small
 * filter, and what follows a modulated convolution. Nothing of Python, PyTorch or the C library is linked; library.py calls it.
 *
 * Feature maps are float32 with channels last, [image, row, column, channel]; the number of channels is a multiple of
 * LANES, the floats of a register. Each function cuts its work into pieces, which the threads take one after another; a
 * piece's result does not depend on who takes it. hatch_build.py compiles this file for several sets of instructions.
 */
#include <stddef.h>

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int bits __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static inline lanes load(const float *p) { return *(const lanes *)p; }
static inline void store(float *p, lanes v) { *(lanes *)p = v; }
static inline lanes all(float f) { return (lanes){0} + f; }
static inline lanes choose(bits mask, lanes yes, lanes no) { return (lanes)(((bits)yes & mask) | ((bits)no & ~mask)); }
static inline long least(long a, long b) { return a < b ? a : b; }
static inline long most(long a, long b) { return a > b ? a : b; }

int lanes_of_a_register(void) { return LANES; }
unsigned checksum_of_source(void) { return CHECKSUM; }

/* ---- threads ---- */

typedef struct {
    void (*parallel)(void (*)(void *), void *, unsigned, unsigned); /* PyTorch's GOMP_parallel; NULL: this thread alone */
    long threads;
} crew;

enum { FEW_TURNS = 8, MANY_TURNS = 64 }; /* of each thread, about; of few where neighbours read the same pixels */

typedef struct {
    void (*piece)(const void *, long);
    const void *what;
    long pieces, at_once, next;
} work;

static void take(void *given) {
    work *w = given;
    long first;
    while ((first = __atomic_fetch_add(&w->next, w->at_once, __ATOMIC_RELAXED)) < w->pieces)
        for (long i = first; i < least(first + w->at_once, w->pieces); i++) w->piece(w->what, i);
}

static void share(const crew *c, void (*piece)(const void *, long), const void *what, long pieces, long turns) {
    long threads = most(least(c->threads, pieces), 1);
    work w = {piece, what, pieces, most(pieces / (threads * turns), 1), 0};
    if (c->parallel && threads > 1)
        c->parallel(take, &w, (unsigned)threads, 0);
    else
        take(&w);
}

/* ---- tiles ---- */

typedef struct {
    long height, width, channels; /* of the feature maps */
    long rows, columns;           /* of tiles in an image */
    long first, count;            /* those that are meant; they are numbered through all images, row by row */
} tiling;

typedef struct {
    long image, row, column;
} place;

static inline place place_of(const tiling *t, long tile) {
    long at = t->first + tile;
    return (place){at / t->columns / t->rows, at / t->columns % t->rows, at % t->columns};
}

static inline lanes pixel(const tiling *t, const float *image, long y, long x, long channel) {
    if (y < 0 || y >= t->height || x < 0 || x >= t->width) return all(0);
    return load(image + (y * t->width + x) * t->channels + channel);
}

/* ---- Winograd's F(4×4, 3×3) at the points 0, 1, -1, 2, -2 and infinity, as winograd.py has it ---- */

enum { OUTSIDE = 4, INSIDE = 6, PRODUCTS = 36 };

/* The numbers of tiles, [product, tile, channel]: from one product to the next there are `step` floats, from one tile to
 * the next `wide`, of which the first ones are meant. */
typedef struct {
    float *numbers;
    long step, wide;
} products;

/* A number for each product goes to another place in memory: more of them than the processor itself fetches in time. */
static inline void store_and_fetch(float *p, lanes v) {
    store(p, v);
    __builtin_prefetch(p + 4 * LANES, 1, 3);
}

static inline float *of_tile(const products *all, long product, long tile) {
    return all->numbers + product * all->step + tile * all->wide;
}

typedef struct {
    tiling tiles;           /* of x */
    const float *x, *style; /* [n, h, w, c]; factors [n, c] on the channels, or NULL */
    products products;
    long padding;
} tiles_in;

static inline void points_of_six(const lanes *d, lanes *p) {
    lanes a = d[4] - 4 * d[2], b = d[3] - 4 * d[1], c = d[4] - d[2], e = 2 * (d[3] - d[1]);
    p[0] = 4 * d[0] - 5 * d[2] + d[4];
    p[1] = a + b;
    p[2] = a - b;
    p[3] = c + e;
    p[4] = c - e;
    p[5] = 4 * d[1] - 5 * d[3] + d[5];
}

static void tile_in(const void *given, long tile) {
    const tiles_in *a = given;
    const tiling *t = &a->tiles;
    place at = place_of(t, tile);
    long c = t->channels, top = at.row * OUTSIDE - a->padding, left = at.column * OUTSIDE - a->padding;
    const float *x = a->x + at.image * t->height * t->width * c;
    for (long k = 0; k < c; k += LANES) {
        lanes style = a->style ? load(a->style + at.image * c + k) : all(1), down[INSIDE][INSIDE];
        for (long j = 0; j < INSIDE; j++) {
            lanes d[INSIDE], p[INSIDE];
            for (long i = 0; i < INSIDE; i++) d[i] = pixel(t, x, top + i, left + j, k) * style;
            points_of_six(d, p);
            for (long i = 0; i < INSIDE; i++) down[i][j] = p[i];
        }
        for (long i = 0; i < INSIDE; i++) {
            lanes p[INSIDE];
            points_of_six(down[i], p);
            for (long j = 0; j < INSIDE; j++) store_and_fetch(of_tile(&a->products, i * INSIDE + j, tile) + k, p[j]);
        }
    }
}

void into_tiles(const crew *c, const tiles_in *a) { share(c, tile_in, a, a->tiles.count, FEW_TURNS); }

typedef struct {
    tiling tiles; /* of y */
    products products;
    float *y; /* [n, h, w, c] */
} tiles_out;

static inline void four_of_points(const lanes *p, lanes *d) {
    lanes a = p[1] + p[2], b = p[1] - p[2], c = p[3] + p[4], e = p[3] - p[4];
    d[0] = p[0] + a + c;
    d[1] = b + 2 * e;
    d[2] = a + 4 * c;
    d[3] = b + 8 * e + p[5];
}

static void tile_out(const void *given, long tile) {
    const tiles_out *a = given;
    const tiling *t = &a->tiles;
    place at = place_of(t, tile);
    long c = t->channels, top = at.row * OUTSIDE, left = at.column * OUTSIDE;
    long rows = least(OUTSIDE, t->height - top), columns = least(OUTSIDE, t->width - left);
    float *y = a->y + ((at.image * t->height + top) * t->width + left) * c;
    for (long k = 0; k < c; k += LANES) {
        lanes down[OUTSIDE][INSIDE];
        for (long j = 0; j < INSIDE; j++) {
            lanes p[INSIDE], d[OUTSIDE];
            for (long i = 0; i < INSIDE; i++) p[i] = load(of_tile(&a->products, i * INSIDE + j, tile) + k);
            four_of_points(p, d);
            for (long i = 0; i < OUTSIDE; i++) down[i][j] = d[i];
        }
        for (long i = 0; i < rows; i++) {
            lanes d[OUTSIDE];
            four_of_points(down[i], d);
            for (long j = 0; j < columns; j++) store(y + (i * t->width + j) * c + k, d[j]);
        }
    }
}

void out_of_tiles(const crew *c, const tiles_out *a) { share(c, tile_out, a, a->tiles.count, FEW_TURNS); }

/* The adjoint of `out_of_tiles`: the gradients of a tile's pixels as gradients of its products. */

static inline void points_of_gradients(const lanes *d, lanes *p) {
    lanes a = d[0] + d[2], b = d[1] + d[3], c = d[0] + 4 * d[2], e = 2 * d[1] + 8 * d[3];
    p[0] = d[0];
    p[1] = a + b;
    p[2] = a - b;
    p[3] = c + e;
    p[4] = c - e;
    p[5] = d[3];
}

static void gradient_in(const void *given, long tile) {
    const tiles_in *a = given;
    const tiling *t = &a->tiles;
    place at = place_of(t, tile);
    long c = t->channels, top = at.row * OUTSIDE, left = at.column * OUTSIDE;
    const float *x = a->x + at.image * t->height * t->width * c;
    for (long k = 0; k < c; k += LANES) {
        lanes down[INSIDE][OUTSIDE];
        for (long j = 0; j < OUTSIDE; j++) {
            lanes d[OUTSIDE], p[INSIDE];
            for (long i = 0; i < OUTSIDE; i++) d[i] = pixel(t, x, top + i, left + j, k);
            points_of_gradients(d, p);
            for (long i = 0; i < INSIDE; i++) down[i][j] = p[i];
        }
        for (long i = 0; i < INSIDE; i++) {
            lanes p[INSIDE];
            points_of_gradients(down[i], p);
            for (long j = 0; j < INSIDE; j++) store_and_fetch(of_tile(&a->products, i * INSIDE + j, tile) + k, p[j]);
        }
    }
}

void gradients_into_tiles(const crew *c, const tiles_in *a) { share(c, gradient_in, a, a->tiles.count, FEW_TURNS); }

/* ---- enlarging: the transposed convolution of stride 2, in tiles of 3×3 pixels that paint 6×6 ----
 *
 * Along an axis, the even rows of the output have two taps, hence Winograd's F(3, 2) at 0, 1, -1 and infinity: four
 * products for three rows; the odd ones have one tap: three products with the same kernel. Of both axes come
 * three kinds of products: [16 kernels, tile, 1], [8 kernels, tile, 3 pixels] and [1 kernel, tile, 9 pixels]. Of the
 * 8, the first four belong to even rows and odd columns, the others to odd rows and even columns.
 */

enum { STEP = 3, REACH = 4, EVEN = REACH * REACH, MIXED = 2 * REACH, ODD = STEP * STEP };

typedef struct {
    products even, mixed, odd; /* of each kernel; a tile's pixels are as far apart as tiles */
} enlarging_products;

typedef struct {
    tiling tiles;           /* of x */
    const float *x, *style; /* as those of `tiles_in` */
    enlarging_products products;
} enlarging_in;

static inline void points_of_four(const lanes *d, lanes *p) {
    p[0] = d[2] - d[0];
    p[1] = d[2] + d[1];
    p[2] = d[2] - d[1];
    p[3] = d[3] - d[1];
}

static void enlarge_in(const void *given, long tile) {
    const enlarging_in *a = given;
    const tiling *t = &a->tiles;
    const enlarging_products *to = &a->products;
    place at = place_of(t, tile);
    long c = t->channels, top = at.row * STEP - 1, left = at.column * STEP - 1;
    const float *x = a->x + at.image * t->height * t->width * c;
    for (long k = 0; k < c; k += LANES) {
        lanes style = a->style ? load(a->style + at.image * c + k) : all(1), d[REACH][REACH], down[REACH][REACH];
        for (long j = 0; j < REACH; j++) {
            lanes column[REACH], p[REACH];
            for (long i = 0; i < REACH; i++) column[i] = d[i][j] = pixel(t, x, top + i, left + j, k) * style;
            points_of_four(column, p);
            for (long i = 0; i < REACH; i++) down[i][j] = p[i];
        }
        for (long i = 0; i < REACH; i++) {
            lanes p[REACH];
            points_of_four(down[i], p);
            for (long j = 0; j < REACH; j++) store_and_fetch(of_tile(&to->even, i * REACH + j, tile) + k, p[j]);
            for (long j = 0; j < STEP; j++) store_and_fetch(of_tile(&to->mixed, i, tile * STEP + j) + k, down[i][j + 1]);
        }
        for (long i = 0; i < STEP; i++) {
            lanes p[REACH];
            points_of_four(d[i + 1], p);
            for (long j = 0; j < REACH; j++) store_and_fetch(of_tile(&to->mixed, REACH + j, tile * STEP + i) + k, p[j]);
            for (long j = 0; j < STEP; j++) store_and_fetch(of_tile(&to->odd, 0, tile * ODD + i * STEP + j) + k, d[i + 1][j + 1]);
        }
    }
}

void enlarge_into_tiles(const crew *c, const enlarging_in *a) { share(c, enlarge_in, a, a->tiles.count, FEW_TURNS); }

typedef struct {
    tiling tiles; /* of y */
    enlarging_products products;
    float *y; /* [n, h, w, c] */
} enlarging_out;

static inline void three_of_points(const lanes *p, lanes *d) {
    d[0] = p[0] + p[1] + p[2];
    d[1] = p[1] - p[2];
    d[2] = p[1] + p[2] + p[3];
}

static void enlarge_out(const void *given, long tile) {
    const enlarging_out *a = given;
    const tiling *t = &a->tiles;
    const enlarging_products *from = &a->products;
    place at = place_of(t, tile);
    long c = t->channels, top = at.row * 2 * STEP, left = at.column * 2 * STEP;
    long rows = least(2 * STEP, t->height - top), columns = least(2 * STEP, t->width - left);
    float *y = a->y + ((at.image * t->height + top) * t->width + left) * c;
    for (long k = 0; k < c; k += LANES) {
        lanes out[2 * STEP][2 * STEP], across[REACH][STEP], p[REACH], d[STEP];
        for (long i = 0; i < REACH; i++) {
            for (long j = 0; j < REACH; j++) p[j] = load(of_tile(&from->even, i * REACH + j, tile) + k);
            three_of_points(p, across[i]);
        }
        for (long j = 0; j < STEP; j++) {
            for (long i = 0; i < REACH; i++) p[i] = across[i][j];
            three_of_points(p, d);
            for (long i = 0; i < STEP; i++) out[2 * i][2 * j] = d[i];
            for (long i = 0; i < REACH; i++) p[i] = load(of_tile(&from->mixed, i, tile * STEP + j) + k);
            three_of_points(p, d);
            for (long i = 0; i < STEP; i++) out[2 * i][2 * j + 1] = d[i];
            for (long i = 0; i < REACH; i++) p[i] = load(of_tile(&from->mixed, REACH + i, tile * STEP + j) + k);
            three_of_points(p, d);
            for (long i = 0; i < STEP; i++) out[2 * j + 1][2 * i] = d[i];
            for (long i = 0; i < STEP; i++) out[2 * i + 1][2 * j + 1] = load(of_tile(&from->odd, 0, tile * ODD + i * STEP + j) + k);
        }
        for (long i = 0; i < rows; i++)
            for (long j = 0; j < columns; j++) store(y + (i * t->width + j) * c + k, out[i][j]);
    }
}

void enlarge_out_of_tiles(const crew *c, const enlarging_out *a) { share(c, enlarge_out, a, a->tiles.count, FEW_TURNS); }

typedef struct {
    long images, height, width, channels; /* of x; y has 2 * height + 1 rows */
    products painted;                     /* [row and column of the kernel, pixel] */
    float *y;                             /* [n, 2 * h + 1, 2 * w + 1, c] */
} overlay;

enum { TAPS = 3, MOST_ABOVE = 4 };

static inline int paints(long size, long from, long tap) {
    return from >= tap && (from - tap) % 2 == 0 && (from - tap) / 2 < size;
}

static void overlay_row(const void *given, long at) {
    const overlay *o = given;
    long row = at % (2 * o->height + 1), image = at / (2 * o->height + 1), width = 2 * o->width + 1;
    for (long column = 0; column < width; column++) {
        const float *above[MOST_ABOVE];
        long count = 0;
        for (long i = 0; i < TAPS; i++) {
            if (!paints(o->height, row, i)) continue;
            for (long j = 0; j < TAPS; j++) {
                if (!paints(o->width, column, j)) continue;
                long pixel = (image * o->height + (row - i) / 2) * o->width + (column - j) / 2;
                above[count++] = of_tile(&o->painted, i * TAPS + j, pixel);
            }
        }
        float *y = o->y + (at * width + column) * o->channels;
        for (long k = 0; k < o->channels; k += LANES) {
            lanes sum = all(0);
            for (long a = 0; a < count; a++) sum += load(above[a] + k);
            store(y + k, sum);
        }
    }
}

/* What each pixel paints by a transposed convolution of stride 2 with 3×3 taps, one above the other. */
void overlay_painted(const crew *c, const overlay *o) {
    share(c, overlay_row, o, o->images * (2 * o->height + 1), FEW_TURNS);
}

/* ---- the products of tiles with kernels: a stack of matrices ----
 *
 * The kernels lie in panels of as many output channels as two registers have, so that they are read one after the other.
 * The sums of some rows by one panel stay in registers; each is added up in the order of the input's channels, whatever
 * rows are taken together. Meanwhile the next panel is fetched from memory into the cache.
 */

#if __AVX512F__ || __aarch64__ /* 32 registers */
#define ROWS 14
#else
#define ROWS 6
#endif

enum { WIDE = 2, PANEL = WIDE * LANES, FETCHED = 2 /* by so many blocks of rows */ };

typedef struct {
    long matrices, rows, inputs, panels;
    const float *x, *kernels;      /* [matrix, row, input]; [matrix, panel, input, PANEL] */
    float *y;                      /* [matrix, row, panel, PANEL] */
    long x_step, y_step, k_step;   /* from one matrix to the next, … */
    long panel_step;               /* … and of the kernels, from one panel to the next */
} multiplying;

int floats_of_a_panel(void) { return PANEL; }

/* Some rows by some inputs of one panel. */
typedef struct {
    long rows, inputs;
    const float *x, *panel, *next; /* next: panel, which is fetched meanwhile; or NULL */
    float *y;
    long x_wide, y_wide; /* floats from one row to the next */
    int more;            /* y has the sums of the inputs before */
} product;

static inline __attribute__((always_inline)) void multiply_block(const product *m, const float *x, const float *fetched, float *y,
                                                                 const int rows) {
    lanes sum[ROWS][WIDE];
#pragma GCC unroll 14
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int c = 0; c < WIDE; c++) sum[r][c] = m->more ? load(y + r * m->y_wide + c * LANES) : all(0);
    for (long i = 0; i < m->inputs; i++) {
        lanes kernel[WIDE];
        __builtin_prefetch(fetched + i * LANES, 0, 2);
#pragma GCC unroll 2
        for (int c = 0; c < WIDE; c++) kernel[c] = load(m->panel + i * PANEL + c * LANES);
#pragma GCC unroll 14
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
            for (int c = 0; c < WIDE; c++) sum[r][c] += kernel[c] * x[r * m->x_wide + i];
    }
#pragma GCC unroll 14
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int c = 0; c < WIDE; c++) store(y + r * m->y_wide + c * LANES, sum[r][c]);
}

static void multiply_rows(const product *m) {
    long blocks = (m->rows + ROWS - 1) / ROWS;
    for (long b = 0; b < blocks; b++) {
        long first = m->rows * b / blocks, past = m->rows * (b + 1) / blocks;
        const float *x = m->x + first * m->x_wide, *fetched = x + (past - first) * m->x_wide;
        if (m->next && b < FETCHED) fetched = m->next + b * m->inputs * LANES;
        float *y = m->y + first * m->y_wide;
        switch (past - first) {
#define OF_ROWS(n) \
    case n: multiply_block(m, x, fetched, y, n); break;
            OF_ROWS(1) OF_ROWS(2) OF_ROWS(3) OF_ROWS(4) OF_ROWS(5) OF_ROWS(6)
#if ROWS > 6
            OF_ROWS(7) OF_ROWS(8) OF_ROWS(9) OF_ROWS(10) OF_ROWS(11) OF_ROWS(12)
            OF_ROWS(13) OF_ROWS(14)
#endif
        }
    }
}

static inline const float *panel_of(const multiplying *m, long at) {
    return m->kernels + at / m->panels * m->k_step + at % m->panels * m->panel_step;
}

static void multiply_panel(const void *given, long at) {
    const multiplying *m = given;
    const float *x = m->x + at / m->panels * m->x_step, *panel = panel_of(m, at), *next = panel_of(m, at + 1);
    float *y = m->y + at / m->panels * m->y_step + at % m->panels * PANEL;
    multiply_rows(&(product){m->rows, m->inputs, x, panel, next, y, m->inputs, m->panels * PANEL, 0});
}

void multiply(const crew *c, const multiplying *m) { share(c, multiply_panel, m, m->matrices * m->panels, MANY_TURNS); }

/* ---- the same with kernels of 3×3 taps, which are transformed for a row of products while they are in the cache ----
 *
 * A quarter of the kernels is kept, and read from memory. Transforming them takes as long as some six rows of products.
 */

typedef struct {
    long rows, inputs, panels;
    const float *x, *taps;     /* [matrix, row, input]; [panel, tap, input, PANEL] */
    long vertical, horizontal; /* points along the axes, at most MOST_POINTS; the matrices are their product */
    const float *v, *h;        /* [point, TAPS], of the transforms */
    float *y;                  /* [matrix, row, panel, PANEL] */
    long x_step, y_step;
} transforming;

enum { MOST_POINTS = INSIDE, SOME = 512 /* inputs whose kernels are made at once, on the stack */ };

static void transform_row(const transforming *m, const float *taps, const float *v, long inputs, float *kernels) {
    const long below = m->inputs * PANEL;
    for (long i = 0; i < inputs * PANEL; i += LANES) {
        lanes down[TAPS];
#pragma GCC unroll 3
        for (long j = 0; j < TAPS; j++) {
            const float *tap = taps + j * below + i;
            down[j] = load(tap) * v[0] + load(tap + TAPS * below) * v[1] + load(tap + 2 * TAPS * below) * v[2];
        }
        for (long p = 0; p < m->horizontal; p++) {
            const float *h = m->h + p * TAPS;
            store(kernels + p * inputs * PANEL + i, down[0] * h[0] + down[1] * h[1] + down[2] * h[2]);
        }
    }
}

static void multiply_transformed_row(const void *given, long at) {
    const transforming *m = given;
    long panel = at / m->vertical, point = at % m->vertical;
    float kernels[MOST_POINTS * SOME * PANEL] __attribute__((aligned(64)));
    for (long first = 0; first < m->inputs; first += SOME) {
        long inputs = least(SOME, m->inputs - first);
        const float *taps = m->taps + (panel * TAPS * TAPS * m->inputs + first) * PANEL;
        transform_row(m, taps, m->v + point * TAPS, inputs, kernels);
        for (long p = 0; p < m->horizontal; p++) {
            long matrix = point * m->horizontal + p;
            const float *x = m->x + matrix * m->x_step + first;
            float *y = m->y + matrix * m->y_step + panel * PANEL;
            multiply_rows(&(product){m->rows, inputs, x, kernels + p * inputs * PANEL, NULL, y, m->inputs, m->panels * PANEL, first > 0});
        }
    }
}

void multiply_transformed(const crew *c, const transforming *m) {
    share(c, multiply_transformed_row, m, m->panels * m->vertical, MANY_TURNS);
}

/* ---- a linear map of few rows: the weights are read once, by all threads ---- */

typedef struct {
    long rows, inputs, outputs;
    const float *x, *weight, *bias; /* [row, input]; [output, input]; [output], or NULL */
    float gain, bias_gain;          /* on the weights; on the bias */
    float *y;                       /* [row, output] */
    long at_once;                   /* outputs of a piece */
} mapping;

enum { SIDE_BY_SIDE = 8 }; /* outputs */

static inline float sum_of(lanes v) {
    float sum = 0;
    for (long i = 0; i < LANES; i++) sum += v[i];
    return sum;
}

static inline __attribute__((always_inline)) void map_some(const mapping *m, long row, long output, const int some) {
    const float *x = m->x + row * m->inputs, *weight = m->weight + output * m->inputs;
    lanes sum[SIDE_BY_SIDE];
    long i = 0;
#pragma GCC unroll 8
    for (int o = 0; o < some; o++) sum[o] = all(0);
    for (; i + LANES <= m->inputs; i += LANES) {
        lanes d = load(x + i);
#pragma GCC unroll 8
        for (int o = 0; o < some; o++) sum[o] += d * load(weight + o * m->inputs + i);
    }
#pragma GCC unroll 8
    for (int o = 0; o < some; o++) {
        float whole = sum_of(sum[o]);
        for (long rest = i; rest < m->inputs; rest++) whole += x[rest] * weight[o * m->inputs + rest];
        float bias = m->bias ? m->bias[output + o] * m->bias_gain : 0;
        m->y[row * m->outputs + output + o] = whole * m->gain + bias;
    }
}

static void map_piece(const void *given, long at) {
    const mapping *m = given;
    long output = at * m->at_once, past = least(output + m->at_once, m->outputs);
    while (output < past) {
        int several = output + SIDE_BY_SIDE <= past;
        for (long row = 0; row < m->rows; row++) {
            if (several)
                map_some(m, row, output, SIDE_BY_SIDE);
            else
                map_some(m, row, output, 1);
        }
        output += several ? SIDE_BY_SIDE : 1;
    }
}

void map_rows(const crew *c, const mapping *m) {
    share(c, map_piece, m, (m->outputs + m->at_once - 1) / m->at_once, FEW_TURNS);
}

/* ---- a filter, and what follows a modulated convolution ---- */

typedef struct {
    const float *scale, *noise, *bias; /* [n, c]; [n, h, w], or [h, w] with a step of 0; [c]. Each may be NULL */
    long noise_step;                   /* from the noise of an image to that of the next */
    float slope, gain, clamp;          /* of the negative side; on the output; its bound, below 0: none */
} bend;

static inline lanes bent(const bend *b, lanes v) {
    if (b->slope != 1) v = choose(v > 0, v, v * b->slope);
    v *= b->gain;
    if (b->clamp < 0) return v;
    v = choose(v > b->clamp, all(b->clamp), v); /* what is not a number stays that */
    return choose(v < -b->clamp, all(-b->clamp), v);
}

typedef struct {
    long images, height, width, channels;        /* of y */
    const float *x;                              /* [n, in_height, in_width, c] */
    long in_height, in_width, top, left;         /* zeros before the image; negative: cropped */
    const float *taps;                           /* [tap_rows, tap_columns], with which x is correlated */
    long tap_rows, tap_columns;
    float *y;                                    /* may be x, where there is one tap and no padding */
    bend bend;
} filtering;

enum { AT_ONCE = 4, USUAL = 4 }; /* columns of the output, and of the taps, that stay in registers together */

typedef struct {
    long image, row, from_row, to_row; /* of the output; taps that see the image */
    const float *noise, *scale;
} filtered_row;

static inline const float *seen(const filtering *f, const filtered_row *r, long tap_row, long column) {
    return f->x + ((r->image * f->in_height + r->row - f->top + tap_row) * f->in_width + column - f->left) * f->channels;
}

static inline void finish(const filtering *f, const filtered_row *r, long column, long k, lanes sum) {
    long c = f->channels;
    if (r->scale) sum *= load(r->scale + k);
    if (f->bend.bias) sum += load(f->bend.bias + k);
    if (r->noise) sum += r->noise[column];
    store(f->y + ((r->image * f->height + r->row) * f->width + column) * c + k, bent(&f->bend, sum));
}

static void one_column(const filtering *f, const filtered_row *r, long column) {
    long from = most(f->left - column, 0), to = least(f->in_width + f->left - column, f->tap_columns);
    for (long k = 0; k < f->channels; k += LANES) {
        lanes sum = all(0);
        for (long i = r->from_row; i < r->to_row; i++)
            for (long j = from; j < to; j++)
                sum += load(seen(f, r, i, column + j) + k) * f->taps[i * f->tap_columns + j];
        finish(f, r, column, k, sum);
    }
}

static void some_columns(const filtering *f, const filtered_row *r, long column) {
    for (long k = 0; k < f->channels; k += LANES) {
        lanes sum[AT_ONCE] = {all(0), all(0), all(0), all(0)};
        for (long i = r->from_row; i < r->to_row; i++) {
            const float *x = seen(f, r, i, column) + k, *taps = f->taps + i * USUAL;
            lanes d[AT_ONCE + USUAL - 1];
#pragma GCC unroll 8
            for (long j = 0; j < AT_ONCE + USUAL - 1; j++) d[j] = load(x + j * f->channels);
#pragma GCC unroll 8
            for (long o = 0; o < AT_ONCE; o++)
#pragma GCC unroll 8
                for (long j = 0; j < USUAL; j++) sum[o] += d[o + j] * taps[j];
        }
        for (long o = 0; o < AT_ONCE; o++) finish(f, r, column + o, k, sum[o]);
    }
}

static void filter_row(const void *given, long at) {
    const filtering *f = given;
    const bend *b = &f->bend;
    long image = at / f->height, row = at % f->height, column = 0;
    filtered_row r = {image, row, most(f->top - row, 0), least(f->in_height + f->top - row, f->tap_rows),
                      b->noise ? b->noise + image * b->noise_step + row * f->width : NULL,
                      b->scale ? b->scale + image * f->channels : NULL};
    while (column < f->width) {
        long first = column - f->left, past = first + AT_ONCE + USUAL - 1; /* of the columns that several look at */
        int several = f->tap_columns == USUAL && column + AT_ONCE <= f->width && first >= 0 && past <= f->in_width;
        if (several)
            some_columns(f, &r, column);
        else
            one_column(f, &r, column);
        column += several ? AT_ONCE : 1;
    }
}

void filter_and_bend(const crew *c, const filtering *f) { share(c, filter_row, f, f->images * f->height, FEW_TURNS); }

/* ---- images enlarged twice, with zeros between the pixels, and filtered: planes, as images have few channels ---- */

typedef struct {
    long planes, height, width;                /* of y */
    const float *x;                            /* [plane, in_height, in_width] */
    long in_height, in_width, top, left;       /* zeros before the enlarged image; negative: cropped */
    const float *taps;                         /* [tap_rows, tap_columns], with which the enlarged image is correlated */
    long tap_rows, tap_columns;
    float *y;
} enlarging_planes;

enum { PAIRS = 256 }; /* of columns of the output that are summed up at once */

static void enlarge_row(const void *given, long at) {
    const enlarging_planes *e = given;
    long plane = at / e->height, row = at % e->height;
    float *y = e->y + at * e->width;
    for (long first = 0; 2 * first < e->width; first += PAIRS) {
        float sum[2][PAIRS] = {{0}}; /* of even and of odd columns */
        long pairs = least(PAIRS, (e->width + 1) / 2 - first);
        for (long i = most(e->top - row, 0); i < e->tap_rows; i++) {
            long up = row + i - e->top; /* row of the enlarged image */
            if (up % 2 || up / 2 >= e->in_height) continue;
            const float *x = e->x + (plane * e->in_height + up / 2) * e->in_width;
            for (long j = 0; j < e->tap_columns; j++) {
                long odd = (e->left - j) & 1, shift = (odd + j - e->left) / 2;
                long from = most(first, -shift), past = least(first + pairs, e->in_width - shift);
                float tap = e->taps[i * e->tap_columns + j];
                for (long m = from; m < past; m++) sum[odd][m - first] += tap * x[m + shift];
            }
        }
        long whole = least(pairs, e->width / 2 - first);
        for (long m = 0; m < whole; m++) {
            y[2 * (first + m)] = sum[0][m];
            y[2 * (first + m) + 1] = sum[1][m];
        }
        if (whole < pairs) y[2 * (first + whole)] = sum[0][whole];
    }
}

void enlarge_planes(const crew *c, const enlarging_planes *e) {
    share(c, enlarge_row, e, e->planes * e->height, FEW_TURNS);
}
