/* The exact recursion y[n] = sum b_k x[n-k] - sum a_k y[n-k] with double state, and its adjoint.
   ORDER_MAX is the largest number of coefficients of the program.
   A decaying state ends in numbers below 1e-308, which processors handle some fifty times slower: every 256 samples
   one that is far below anything audible is set to zero. */
#define SILENT(i, state) (((i) & 255) == 0 && (state) < 1e-200)
#define RECURSION(T, S) \
static void recursion_##S(const T *x, const double *b, const double *a, T *y, int rows, int n, int count) { \
  for (int row = 0; row < rows; row++, x += n, y += n, a += count, b += count) { \
    double s[ORDER_MAX + 1] = {0}; \
    if (count == 3) { \
      double s1 = 0, s2 = 0, b0 = b[0], b1 = b[1], b2 = b[2], a1 = a[1], a2 = a[2]; \
      for (int i = 0; i < n; i++) { \
        if (SILENT(i, __builtin_fabs(s1) + __builtin_fabs(s2))) s1 = s2 = 0; \
        double v = x[i], w = b0 * v + s1; s1 = b1 * v - a1 * w + s2; s2 = b2 * v - a2 * w; y[i] = (T)w; \
      } \
    } else for (int i = 0; i < n; i++) { \
      double state = 0; \
      for (int k = 1; k < count; k++) state += __builtin_fabs(s[k]); \
      if (SILENT(i, state)) for (int k = 1; k < count; k++) s[k] = 0; \
      double v = x[i], w = b[0] * v + s[1]; \
      for (int k = 1; k < count; k++) s[k] = b[k] * v - a[k] * w + (k + 1 < count ? s[k + 1] : 0); \
      y[i] = (T)w; \
    } \
  } \
} \
static void recursion_backward_##S(const T *g, const T *x, const T *y, const double *b, const double *a, T *gx, double *gb, \
                                   double *ga, int rows, int n, int count) { \
  for (int row = 0; row < rows; row++, g += n, x += n, y += n, gx += n, a += count, b += count, ga += count, gb += count) { \
    if (count == 3) { \
      double w1 = 0, w2 = 0, b0 = b[0], b1 = b[1], b2 = b[2], a1 = a[1], a2 = a[2], s0 = 0, s1 = 0, s2 = 0, t1 = 0, t2 = 0; \
      for (int i = n - 1; i >= 0; i--) { \
        if (SILENT(i, __builtin_fabs(w1) + __builtin_fabs(w2))) w1 = w2 = 0; \
        double v = x[i], z = y[i], w = g[i] - a2 * w2 - a1 * w1; \
        gx[i] = (T)(b0 * w + b1 * w1 + b2 * w2); \
        s0 += v * w; s1 += v * w1; s2 += v * w2; t1 -= z * w1; t2 -= z * w2; \
        w2 = w1; w1 = w; \
      } \
      gb[0] = s0; gb[1] = s1; gb[2] = s2; ga[0] = 0; ga[1] = t1; ga[2] = t2; \
      continue; \
    } \
    double u[ORDER_MAX + 1] = {0}, sb[ORDER_MAX + 1] = {0}, sa[ORDER_MAX + 1] = {0}; \
    for (int i = n - 1; i >= 0; i--) { \
      double w = g[i], state = 0; \
      for (int k = 0; k < count; k++) state += __builtin_fabs(u[k]); \
      if (SILENT(i, state)) for (int k = 0; k < count; k++) u[k] = 0; \
      for (int k = count - 1; k > 0; k--) { w -= a[k] * u[k - 1]; } \
      for (int k = count - 1; k > 0; k--) u[k] = u[k - 1]; \
      u[0] = w; \
      double v = 0; \
      for (int k = 0; k < count; k++) v += b[k] * u[k]; \
      gx[i] = (T)v; \
      for (int k = 0; k < count && k <= i; k++) { sb[k] += w * x[i - k]; sa[k] -= w * y[i - k]; } \
    } \
    for (int k = 0; k < count; k++) { gb[k] = sb[k]; ga[k] = sa[k]; } \
    ga[0] = 0; \
  } \
}
RECURSION(float, f)
RECURSION(double, d)
