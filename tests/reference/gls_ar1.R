# Regressions of one series by R, for tests/models/series/: AR(1) errors by REML, Prais-Winsten, counts and shares.
#
#     Rscript tests/reference/gls_ar1.R tests/reference
#
# Reads sicily.csv in the folder and writes three files into it: gls_ar1_series.csv (the simulated series),
# gls_ar1.csv (coefficients) and gls_ar1_fits.csv (what a fit has once). Prais-Winsten is lm() on transformed rows,
# repeated until rho stays; the others are nlme::gls(correlation = corAR1(form = ~ t), method = "REML"), MASS::glm.nb()
# and glm() with the families quasipoisson and quasibinomial, whose dispersion is the square of `sigma`.

suppressMessages({library(nlme); library(MASS)})
folder <- commandArgs(trailingOnly = TRUE)[1]
coefficients <- data.frame()
fits <- data.frame()

keep <- function(case, model, estimate, errors, rho = NA, sigma = NA, loglik = NA, theta = NA) {
  coefficients <<- rbind(coefficients, data.frame(
    case = case, model = model, term = c("constant", "trend", "level", "slope", "cos", "sin")[seq_along(estimate)],
    estimate = as.numeric(estimate), std_error = as.numeric(errors)
  ))
  fits <<- rbind(fits, data.frame(case = case, model = model, rho = rho, sigma = sigma, loglik = loglik, theta = theta))
}

terms <- y ~ trend + level + slope + cos + sin
columns <- function(t, start) {
  data.frame(t = t, trend = t - start, level = as.numeric(t >= start), slope = pmax(t - start, 0),
             cos = cos(2 * pi * t / 12), sin = sin(2 * pi * t / 12))
}

gls_case <- function(case, data, weighted = FALSE) {
  control <- glsControl(tolerance = 1e-12, msTol = 1e-14, maxIter = 500, msMaxIter = 500)
  weights <- if (weighted) varFixed(~ I(1 / weight)) else NULL
  fit <- gls(terms, data, correlation = corAR1(form = ~ t), weights = weights, method = "REML", control = control)
  rho <- coef(fit$modelStruct$corStruct, unconstrained = FALSE)
  keep(case, "gls", coef(fit), sqrt(diag(vcov(fit))), rho, fit$sigma, as.numeric(logLik(fit)))
}

prais_case <- function(case, data) {
  x <- model.matrix(terms, data)
  n <- nrow(x)
  rho <- 0
  repeat {
    first <- sqrt(1 - rho^2)
    rows <- rbind(first * x[1, ], x[-1, ] - rho * x[-n, ])
    fit <- lm(c(first * data$y[1], data$y[-1] - rho * data$y[-n]) ~ 0 + rows)
    left <- as.numeric(data$y - x %*% coef(fit))
    new <- sum(left[-1] * left[-n]) / sum(left[-n]^2)
    if (abs(new - rho) < 1e-13) break
    rho <- new
  }
  keep(case, "prais", coef(fit), sqrt(diag(vcov(fit))), rho, summary(fit)$sigma)
}

negative_binomial_case <- function(case, data) {
  fit <- glm.nb(update(terms, count ~ . + offset(log(exposure))), data, control = glm.control(1e-11, 500))
  keep(case, "glm.nb", coef(fit), sqrt(diag(vcov(fit))), loglik = as.numeric(logLik(fit)), theta = fit$theta)
}

glm_case <- function(case, data) {
  counts <- glm(update(terms, count ~ . + offset(log(exposure))), quasipoisson, data, epsilon = 1e-13)
  keep(case, "quasipoisson", coef(counts), sqrt(diag(vcov(counts))), sigma = sqrt(summary(counts)$dispersion))
  shares <- glm(update(terms, cbind(yes, trials - yes) ~ .), quasibinomial, data, epsilon = 1e-13)
  keep(case, "quasibinomial", coef(shares), sqrt(diag(vcov(shares))), sigma = sqrt(summary(shares)$dispersion))
}

set.seed(20240402)
series <- data.frame()
simulated <- function(case, rho, length, start, weighted = FALSE) {
  t <- seq_len(length) - 1
  errors <- as.numeric(arima.sim(list(ar = rho), length, sd = sqrt(1 - rho^2)))
  weight <- if (weighted) sample(20:200, length, replace = TRUE) else rep(1, length)
  y <- round(10 + 0.02 * t - 0.8 * (t >= start) + 0.5 * cos(2 * pi * t / 12) + errors / sqrt(weight / mean(weight)), 4)
  exposure <- 1000 + 10 * t
  rate <- exp(-2.5 + 0.2 * cos(2 * pi * t / 12) - 0.2 * (t >= start) + 0.25 * errors)
  count <- rpois(length, exposure * rate)
  trials <- sample(60:200, length, replace = TRUE)
  yes <- rbinom(length, trials, plogis(0.3 + 0.01 * (t - start) - 0.5 * (t >= start) + 0.2 * errors))
  made <- cbind(case = case, columns(t, start), y = y, weight = weight, count = count, exposure = exposure, yes = yes,
                trials = trials)
  series <<- rbind(series, made)
  made
}
cases <- list(
  "positive" = simulated("positive", 0.5, 48, 36), "strong" = simulated("strong", 0.8, 120, 80),
  "negative" = simulated("negative", -0.6, 60, 40), "holes" = simulated("holes", 0.7, 72, 48),
  "weighted" = simulated("weighted", 0.5, 48, 24, weighted = TRUE), "short" = simulated("short", 0.3, 24, 12)
)
cases$holes <- subset(cases$holes, !(t %in% c(3, 17:22, 40, 41, 55)))
series <- subset(series, case != "holes" | t %in% cases$holes$t)

for (name in names(cases)) {
  gls_case(name, cases[[name]], weighted = name == "weighted")
  if (!name %in% c("holes", "weighted")) prais_case(name, cases[[name]])
  negative_binomial_case(name, cases[[name]])
  glm_case(name, cases[[name]])
}
sicily <- read.csv(file.path(folder, "sicily.csv"))
sicily <- cbind(columns(sicily$time - 1, 36), y = log(sicily$aces / sicily$stdpop), count = sicily$aces,
                exposure = sicily$stdpop)
gls_case("sicily", sicily)
prais_case("sicily", sicily)
negative_binomial_case("sicily", sicily)

write_numbers <- function(frame, name) {
  numbers <- sapply(frame, is.numeric)
  frame[numbers] <- lapply(frame[numbers], signif, digits = 12)
  write.csv(frame, file.path(folder, name), row.names = FALSE, quote = FALSE, na = "")
}
write_numbers(series[, c("case", "t", "y", "weight", "count", "exposure", "yes", "trials")], "gls_ar1_series.csv")
write_numbers(coefficients, "gls_ar1.csv")
write_numbers(fits, "gls_ar1_fits.csv")
