/* Filters that move from sample to sample or from frame to frame, with double state, and their adjoints: the same
   arithmetic as the compiled loops of ddsp_lite.kernels.varying and ddsp_lite.kernels.svf, which say what is computed.
   T is the sound's type, C the coefficients'. */
#ifndef SILENT
#define SILENT(i, state) (((i) & 255) == 0 && (state) < 1e-200)
#endif
#define SIZE(x) __builtin_fabs(x)
#define VARYING(T, C, S) \
static void varying_biquad_##S(const T *x, const C *b, const C *a, T *y, int rows, int n) { \
  for (int row = 0; row < rows; row++, x += n, y += n, b += 3 * n, a += 3 * n) { \
    double x1 = 0, x2 = 0, y1 = 0, y2 = 0; \
    for (int i = 0; i < n; i++) { \
      if (SILENT(i, SIZE(y1) + SIZE(y2))) y1 = y2 = 0; \
      const C *p = b + 3 * i, *q = a + 3 * i; \
      double v = x[i], w = (p[0] * v + p[1] * x1 + p[2] * x2 - q[2] * y2 - q[1] * y1) * (1 / (double)q[0]); \
      y[i] = (T)w; x2 = x1; x1 = v; y2 = y1; y1 = w; \
    } \
  } \
} \
static void varying_biquad_backward_##S(const T *g, const T *x, const T *y, const C *b, const C *a, T *gx, C *gb, C *ga, \
                                        int rows, int n) { \
  for (int row = 0; row < rows; row++, g += n, x += n, y += n, gx += n, b += 3 * n, a += 3 * n, gb += 3 * n, ga += 3 * n) { \
    double k1 = 0, k2 = 0, k3 = 0, h1 = 0, h2 = 0, h3 = 0; \
    for (int i = n - 1; i >= 0; i--) { \
      if (SILENT(i, SIZE(k1) + SIZE(k2) + SIZE(k3))) k1 = k2 = k3 = 0; \
      const C *p = b + 3 * i, *q = a + 3 * i; \
      double w = (g[i] - k1 - k2) * (1 / (double)q[0]); \
      gx[i] = (T)(p[0] * w + h1 + h2); \
      for (int k = 0; k < 3; k++) { \
        gb[3 * i + k] = k <= i ? (C)(w * x[i - k]) : 0; ga[3 * i + k] = k <= i ? (C)(-w * y[i - k]) : 0; \
      } \
      k1 = q[1] * w; k2 = k3; k3 = q[2] * w; h1 = p[1] * w; h2 = h3; h3 = p[2] * w; \
    } \
  } \
} \
static void varying_one_pole_##S(const T *x, const C *b, const C *a, T *y, int rows, int n) { \
  for (int row = 0; row < rows; row++, x += n, y += n, b += n, a += n) { \
    double w = 0; \
    for (int i = 0; i < n; i++) { \
      if (SILENT(i, SIZE(w))) w = 0; \
      w = (double)b[i] * x[i] + a[i] * w; y[i] = (T)w; \
    } \
  } \
} \
static void varying_one_pole_backward_##S(const T *g, const T *x, const T *y, const C *b, const C *a, T *gx, C *gb, C *ga, \
                                          int rows, int n) { \
  for (int row = 0; row < rows; row++, g += n, x += n, y += n, gx += n, b += n, a += n, gb += n, ga += n) { \
    double later = 0; \
    for (int i = n - 1; i >= 0; i--) { \
      if (SILENT(i, SIZE(later))) later = 0; \
      double w = g[i] + later; \
      gx[i] = (T)(b[i] * w); gb[i] = (C)(x[i] * w); ga[i] = i ? (C)(y[i - 1] * w) : 0; later = a[i] * w; \
    } \
  } \
}
VARYING(float, float, ff)
VARYING(float, double, fd)
VARYING(double, double, dd)

#define WITH_DOUBLE(T, S) \
static void all_pole_##S(const T *x, const double *a, T *y, int rows, int n, int frames, int order) { \
  int hop = n / frames; \
  for (int row = 0; row < rows; row++, x += n, y += n, a += frames * order) { \
    double s[order]; \
    for (int k = 0; k < order; k++) s[k] = 0; \
    for (int i = 0; i < n; i++) { \
      const double *q = a + i / hop * order; \
      double state = 0, w = x[i]; \
      for (int k = order - 1; k >= 0; k--) { state += SIZE(s[k]); w -= q[k] * s[k]; if (k) s[k] = s[k - 1]; } \
      if (SILENT(i, state)) { w = x[i]; for (int k = 0; k < order; k++) s[k] = 0; } \
      s[0] = w; y[i] = (T)w; \
    } \
  } \
} \
static void all_pole_backward_##S(const T *g, const T *y, const double *a, T *gx, double *ga, int rows, int n, int frames, \
                                  int order) { \
  int hop = n / frames; \
  for (int row = 0; row < rows; row++, g += n, y += n, gx += n, a += frames * order, ga += frames * order) { \
    double s[order + 1]; \
    for (int k = 0; k <= order; k++) s[k] = 0; \
    for (int k = 0; k < frames * order; k++) ga[k] = 0; \
    for (int i = n - 1; i >= 0; i--) { \
      const double *q = a + i / hop * order; double *sums = ga + i / hop * order; \
      double state = 0; \
      for (int k = 0; k < order; k++) state += SIZE(s[k]); \
      if (SILENT(i, state)) for (int k = 0; k < order; k++) s[k] = 0; \
      double w = g[i] + s[0]; \
      for (int k = 0; k < order; k++) s[k] = s[k + 1] - q[k] * w; \
      for (int k = 0; k < order && k < i; k++) sums[k] -= w * y[i - 1 - k]; \
      gx[i] = (T)w; \
    } \
  } \
} \
static void state_variable_##S(const T *x, const double *g, const double *k, T *y, T *band, T *low, int rows, int n, \
                               double through, double from_band, double from_low) { \
  for (int row = 0; row < rows; row++, x += n, g += n, k += n, y += n, band += n, low += n) { \
    double s1 = 0, s2 = 0; \
    for (int i = 0; i < n; i++) { \
      if (SILENT(i, SIZE(s1) + SIZE(s2))) s1 = s2 = 0; \
      double v1 = (s1 + g[i] * (x[i] - s2)) * (1 / (1 + g[i] * (g[i] + k[i]))), v2 = s2 + g[i] * v1; \
      s1 = 2 * v1 - s1; s2 = 2 * v2 - s2; \
      y[i] = (T)(through * x[i] + from_band * k[i] * v1 + from_low * v2); band[i] = (T)v1; low[i] = (T)v2; \
    } \
  } \
} \
static void state_variable_backward_##S(const T *grad, const T *x, const double *g, const double *k, const T *band, \
                                        const T *low, T *gx, double *gg, double *gk, int rows, int n, double through, \
                                        double from_band, double from_low) { \
  for (int row = 0; row < rows; row++, grad += n, x += n, g += n, k += n, band += n, low += n, gx += n, gg += n, gk += n) { \
    double t1 = 0, t2 = 0; \
    for (int i = n - 1; i >= 0; i--) { \
      if (SILENT(i, SIZE(t1) + SIZE(t2))) t1 = t2 = 0; \
      double v1 = band[i], v2 = low[i], d = grad[i]; \
      double e1 = from_band * k[i] * d + 2 * t1, e2 = from_low * d + 2 * t2; \
      double p1 = (e1 + g[i] * e2) * (1 / (1 + g[i] * (g[i] + k[i]))), p2 = e2 - g[i] * p1; \
      gx[i] = (T)(through * d + g[i] * p1); \
      gg[i] = p1 * (x[i] - k[i] * v1 - v2) + p2 * v1; gk[i] = v1 * (from_band * d - g[i] * p1); \
      t1 = p1 - t1; t2 = p2 - t2; \
    } \
  } \
}
WITH_DOUBLE(float, f)
WITH_DOUBLE(double, d)
