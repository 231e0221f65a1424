#pragma once

#include <cstdint>

/// What stands around the matrix products of a direct path, and a block's relu: plain row-major
/// buffers in float32 or float64, one thread, no torch headers.
namespace limbic::brain::kernels {

/// Features of rows, as their queries see them: each belongs to one or two sites and is 0 to a
/// query that does not see both.
///
/// Shapes  of_row [rows, features]; sees [rows * queries, sites] of 0 and 1; first, second
///         [features] sites; result [rows * queries, features].
template <class T>
struct SeenFeatures {
  int64_t rows, queries, features, sites;  // queries of a row
  const int32_t *first, *second;
  const T *of_row, *sees;
};
void see_features(const SeenFeatures<float>& of, float* out);
void see_features(const SeenFeatures<double>& of, double* out);

/// Which row of a table each query reads; `which` is null where all read row 0.
///
/// Shapes  x, d_x [n, width], tables [sites, width], which [n].
struct QuerySites {
  int64_t n, width;
  const int64_t* which;

  [[nodiscard]] int64_t begin_of(int64_t query) const { return which ? which[query] * width : 0; }
};
/// x[i] <- relu(x[i] + table[which[i]]).
void site_relu(const QuerySites& of, const float* table, float* x);
void site_relu(const QuerySites& of, const double* table, double* x);
/// d_x <- d_x where x > 0, else 0; adds it to d_table as well.
void site_relu_backward(const QuerySites& of, const float* x, float* d_x, float* d_table);
void site_relu_backward(const QuerySites& of, const double* x, double* d_x, double* d_table);
/// out[i] <- x[i] (1 + table[which[i]]).
void site_gain(const QuerySites& of, const float* table, const float* x, float* out);
void site_gain(const QuerySites& of, const double* table, const double* x, double* out);
/// Adds d x to d_table; d <- d (1 + table).
void site_gain_backward(const QuerySites& of, const float* table, const float* x, float* d,
                        float* d_table);
void site_gain_backward(const QuerySites& of, const double* table, const double* x, double* d,
                        double* d_table);

}  // namespace limbic::brain::kernels
