/* Fourier transforms of rows, power-of-two sizes, by the self-sorting (Stockham) algorithm with radix 4.
   Included once per number type: REAL the number, VEC what is transformed at once (several rows side by side, or one
   number), LANES how many rows a VEC holds, NAME(x) the suffix. FFT_MAX is the largest size of the program. */
static VEC NAME(ar)[FFT_MAX] ALIGNED, NAME(ai)[FFT_MAX] ALIGNED, NAME(br)[FFT_MAX] ALIGNED, NAME(bi)[FFT_MAX] ALIGNED;

#if LANES == 4
#define EACH(E) (VEC){E(0), E(1), E(2), E(3)}
#define LANE(v, l) (v)[l]
#else
#define EACH(E) (E(0))
#define LANE(v, l) (v)
#endif

/* one pass of radix 4: `length` points remain, `stride` sub-transforms run side by side */
static void NAME(pass)(const VEC *restrict xr, const VEC *restrict xi, VEC *restrict yr, VEC *restrict yi, int length, int stride) {
  int m = length >> 2, step = FFT_MAX / length, s = stride;
  for (int p = 0; p < m; p++) {
    REAL w1r = COSINES[p * step], w1i = -SINES[p * step], w2r = COSINES[2 * p * step], w2i = -SINES[2 * p * step];
    REAL w3r = w1r * w2r - w1i * w2i, w3i = w1r * w2i + w1i * w2r;
    for (int q = 0; q < s; q++) {
      const VEC *ur = xr + q + s * p, *ui = xi + q + s * p;
      VEC ar = ur[0], ai = ui[0], br = ur[s * m], bi = ui[s * m], cr = ur[2 * s * m], ci = ui[2 * s * m], dr = ur[3 * s * m], di = ui[3 * s * m];
      VEC er = ar + cr, ei = ai + ci, fr = ar - cr, fi = ai - ci, gr = br + dr, gi = bi + di, hr = bi - di, hi = dr - br;
      VEC *vr = yr + q + s * 4 * p, *vi = yi + q + s * 4 * p;
      vr[0] = er + gr; vi[0] = ei + gi;
      VEC t = fr + hr, u = fi + hi;
      vr[s] = t * w1r - u * w1i; vi[s] = t * w1i + u * w1r;
      t = er - gr; u = ei - gi;
      vr[2 * s] = t * w2r - u * w2i; vi[2 * s] = t * w2i + u * w2r;
      t = fr - hr; u = fi - hi;
      vr[3 * s] = t * w3r - u * w3i; vi[3 * s] = t * w3i + u * w3r;
    }
  }
}

/* the transform of the n points in ar, ai; the result is in ar, ai (returns 0) or br, bi (returns 1) */
static int NAME(transform)(int n) {
  int flipped = 0, s = 1;
  for (; n >= 4; n >>= 2, s <<= 2, flipped ^= 1) {
    if (flipped) NAME(pass)(NAME(br), NAME(bi), NAME(ar), NAME(ai), n, s);
    else NAME(pass)(NAME(ar), NAME(ai), NAME(br), NAME(bi), n, s);
  }
  if (n == 2) {
    VEC *xr = flipped ? NAME(br) : NAME(ar), *xi = flipped ? NAME(bi) : NAME(ai);
    VEC *yr = flipped ? NAME(ar) : NAME(br), *yi = flipped ? NAME(ai) : NAME(bi);
    for (int q = 0; q < s; q++) {
      yr[q] = xr[q] + xr[q + s]; yi[q] = xi[q] + xi[q + s];
      yr[q + s] = xr[q] - xr[q + s]; yi[q + s] = xi[q] - xi[q + s];
    }
    flipped ^= 1;
  }
  return flipped;
}

static void NAME(rows_rfft)(const REAL *x, REAL *out, int rows, int n, REAL scale) {
  int h = n >> 1, width = n + 2, step = FFT_MAX / n;
  for (int row = 0; row < rows; row += LANES) {
    const REAL *r[LANES];
    REAL *o[LANES];
    for (int l = 0; l < LANES; l++) { int k = row + l < rows ? row + l : rows - 1; r[l] = x + (long)k * n; o[l] = out + (long)k * width; }
    for (int k = 0; k < h; k++) {
#define E(l) r[l][2 * k]
      NAME(ar)[k] = EACH(E);
#undef E
#define E(l) r[l][2 * k + 1]
      NAME(ai)[k] = EACH(E);
#undef E
    }
    int flipped = NAME(transform)(h);
    VEC *zr = flipped ? NAME(br) : NAME(ar), *zi = flipped ? NAME(bi) : NAME(ai);
    REAL half = scale / 2;
    for (int k = 0; k <= h; k++) {
      int i = k & (h - 1), j = (h - k) & (h - 1);
      VEC er = zr[i] + zr[j], ei = zi[i] - zi[j], dr = zr[i] - zr[j], di = zi[i] + zi[j];
      REAL c = COSINES[k * step], s = SINES[k * step];
      VEC re = (er + (di * c - dr * s)) * half, im = (ei - (dr * c + di * s)) * half;
      for (int l = 0; l < LANES; l++) { o[l][2 * k] = LANE(re, l); o[l][2 * k + 1] = LANE(im, l); }
    }
  }
}

static void NAME(rows_irfft)(const REAL *x, REAL *out, int rows, int n, REAL scale) {
  int h = n >> 1, width = n + 2, step = FFT_MAX / n;
  for (int row = 0; row < rows; row += LANES) {
    const REAL *r[LANES];
    REAL *o[LANES];
    for (int l = 0; l < LANES; l++) { int k = row + l < rows ? row + l : rows - 1; r[l] = x + (long)k * width; o[l] = out + (long)k * n; }
    for (int k = 0; k < h; k++) {
      int j = h - k;
      REAL c = COSINES[k * step], s = SINES[k * step], edge = k ? 1 : 0;
#define E(l) r[l][2 * k]
      VEC xr = EACH(E);
#undef E
#define E(l) r[l][2 * k + 1]
      VEC xi = EACH(E);
      xi = xi * edge;
#undef E
#define E(l) r[l][2 * j]
      VEC yr = EACH(E);
#undef E
#define E(l) r[l][2 * j + 1]
      VEC yi = EACH(E);
      yi = yi * edge;
#undef E
      VEC er = xr + yr, ei = xi - yi, dr = xr - yr, di = xi + yi;
      /* the inverse is the forward transform with real and imaginary parts exchanged */
      NAME(ai)[k] = er - (di * c + dr * s);
      NAME(ar)[k] = ei + (dr * c - di * s);
    }
    int flipped = NAME(transform)(h);
    VEC *zi = flipped ? NAME(br) : NAME(ar), *zr = flipped ? NAME(bi) : NAME(ai);
    for (int k = 0; k < h; k++) {
      VEC re = zr[k] * scale, im = zi[k] * scale;
      for (int l = 0; l < LANES; l++) { o[l][2 * k] = LANE(re, l); o[l][2 * k + 1] = LANE(im, l); }
    }
  }
}

/* complex rows; the inverse exchanges real and imaginary parts on the way in and out */
static void NAME(rows_cfft)(const REAL *x, REAL *out, int rows, int n, REAL scale, int inverse) {
  for (int row = 0; row < rows; row += LANES) {
    const REAL *r[LANES];
    REAL *o[LANES];
    for (int l = 0; l < LANES; l++) { int k = row + l < rows ? row + l : rows - 1; r[l] = x + (long)k * 2 * n; o[l] = out + (long)k * 2 * n; }
    for (int k = 0; k < n; k++) {
#define E(l) r[l][2 * k + inverse]
      NAME(ar)[k] = EACH(E);
#undef E
#define E(l) r[l][2 * k + 1 - inverse]
      NAME(ai)[k] = EACH(E);
#undef E
    }
    int flipped = NAME(transform)(n);
    VEC *zr = flipped ? NAME(br) : NAME(ar), *zi = flipped ? NAME(bi) : NAME(ai);
    for (int k = 0; k < n; k++) {
      VEC re = zr[k] * scale, im = zi[k] * scale;
      for (int l = 0; l < LANES; l++) { o[l][2 * k + inverse] = LANE(re, l); o[l][2 * k + 1 - inverse] = LANE(im, l); }
    }
  }
}
#undef EACH
#undef LANE
