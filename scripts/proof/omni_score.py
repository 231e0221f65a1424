"""A score transformer of Simformer's kind (Gloeckler et al. 2024): one network for any condition, by denoising score matching.

A token a cell: who it is, its value, whether it is given, plus the noise level; a variance-exploding SDE dx = sqrt(d sigma^2/dt) dw with the
preconditioning of Karras et al. (2022) in standardised units, and a condition mask a row. Shapes: [B, D] for B rows of D cells.
"""
import copy
import itertools
import math
import time

import torch
import torch.nn.functional as F
from omni_box import is_inside, log_share_inside
from torch import nn

# Width, depth and heads of Simformer's paper; noise levels of Karras et al.
WIDTH, BLOCKS, HEADS, HEAD_WIDTH, WIDENING = 50, 6, 4, 10, 3
SIGMA_MIN, SIGMA_MAX = 0.002, 80.0
LEVEL_MEAN, LEVEL_STD = -2.0, 2.0  # of log sigma in training: lower and wider than for pictures, since crescents and ridges are narrow
BATCH, RATE, AVERAGE, CLIP = 128, 1e-3, 0.999, 1.0
VALIDATE_EVERY, HELD_OUT, MOST_HELD_OUT = 250, 0.1, 4096
ODE_STEPS, SDE_STEPS, DENSITY_STEPS = 64, 500, 32
LEAK_SAMPLES, MOST_DRAWS = 64, 100


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        inner = HEADS * HEAD_WIDTH
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(2))
        self.qkv, self.mix = nn.Linear(WIDTH, 3 * inner), nn.Linear(inner, WIDTH)
        self.up, self.down, self.noise = nn.Linear(WIDTH, WIDENING * WIDTH), nn.Linear(WIDENING * WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, tokens, noise):
        b, d, _ = tokens.shape
        q, k, v = self.qkv(self.norms[0](tokens)).view(b, d, 3, HEADS, HEAD_WIDTH).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-1, -2) / math.sqrt(HEAD_WIDTH)).softmax(-1)
        tokens = tokens + self.mix((weights @ v).transpose(1, 2).reshape(b, d, HEADS * HEAD_WIDTH))
        return tokens + self.down(F.gelu(self.up(self.norms[1](tokens) + self.noise(noise))))


class Network(nn.Module):
    def __init__(self, cells):
        super().__init__()
        self.name = nn.Parameter(torch.randn(cells, WIDTH) * 0.1)
        self.value, self.given = nn.Linear(1, WIDTH), nn.Embedding(2, WIDTH)
        self.noise = nn.Sequential(nn.Linear(2 * 16, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH))
        self.register_buffer("frequencies", torch.logspace(-2, 0.5, 16) * 2 * math.pi)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.head = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 1))

    def forward(self, x, sigma, given):
        """The denoised x of hidden cells (given ones as they are). sigma [B, 1]."""
        variance = sigma**2 + 1
        angles = torch.log(sigma) / 4 * self.frequencies
        noise = self.noise(torch.cat([angles.sin(), angles.cos()], -1))[:, None]
        seen = torch.where(given, x, x / variance.sqrt())
        tokens = self.value(seen[..., None]) + self.name + self.given(given.long()) + noise
        for block in self.blocks:
            tokens = block(tokens, noise)
        return torch.where(given, x, x / variance + sigma / variance.sqrt() * self.head(tokens)[..., 0])


def random_conditions(rows, cells, theta, generator):
    """Simformer's mix: joint, posterior, likelihood, and Bernoulli(.3) and (.7); nobody is given everything."""
    kind = torch.randint(5, (rows, 1), generator=generator)
    chance = torch.where(kind == 3, 0.3, 0.7)
    given = torch.rand(rows, cells, generator=generator) < chance
    given = torch.where(kind == 0, False, torch.where(kind == 1, ~theta, torch.where(kind == 2, theta, given)))
    return given & ~given.all(1, keepdim=True)


def denoising_loss(network, x, theta, generator):
    """Weighted so that the network's own output has unit targets at each noise level."""
    given = random_conditions(len(x), x.shape[1], theta, generator)
    levels = LEVEL_MEAN + LEVEL_STD * torch.randn(len(x), 1, generator=generator)
    sigma = levels.exp().clamp(SIGMA_MIN, SIGMA_MAX)
    noisy = torch.where(given, x, x + sigma * torch.randn(x.shape, generator=generator))
    error = (network(noisy, sigma, given) - x) ** 2 * (sigma**2 + 1) / sigma**2
    return (error * ~given).sum() / (~given).sum()


class ScoreTransformer:
    def __init__(self, rows, theta, seed, seconds, box):
        """Trains on rows [N, D] for so many seconds; kept is what was best on held-out rows. theta: which cells are parameters [D]; box: their prior's
        (low, high) if it is uniform, else None."""
        torch.manual_seed(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.theta, self.box, self.mean, self.std = theta, box, rows.mean(0), rows.std(0)
        data = (rows - self.mean) / self.std
        held = max(1, min(MOST_HELD_OUT, int(HELD_OUT * len(data))))
        self.network = Network(rows.shape[1])
        self.steps = f"{self.train(data[held:], data[:held], seconds)} steps"
        self.network.requires_grad_(False)

    def train(self, data, held_out, seconds):
        optimizer = torch.optim.Adam(self.network.parameters(), RATE)
        average, best, best_loss, started = copy.deepcopy(self.network), None, math.inf, time.process_time()
        for step in itertools.count():
            spent = (time.process_time() - started) / torch.get_num_threads() / seconds
            if spent >= 1:
                break
            optimizer.param_groups[0]["lr"] = RATE * min(1, (step + 1) / 500) * (0.5 + 0.5 * math.cos(math.pi * spent))
            picked = torch.randint(len(data), (min(BATCH, len(data)),), generator=self.generator)
            optimizer.zero_grad()
            denoising_loss(self.network, data[picked], self.theta, self.generator).backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
            optimizer.step()
            with torch.no_grad():
                for mean, new in zip(average.parameters(), self.network.parameters()):
                    mean.lerp_(new, 1 - min(AVERAGE, step / (step + 10)))
            if step % VALIDATE_EVERY == VALIDATE_EVERY - 1:
                loss = self.held_out_loss(average, held_out)
                if loss < best_loss:
                    best, best_loss = copy.deepcopy(average), loss
        self.network = best or average
        return step

    @torch.no_grad()
    def held_out_loss(self, network, held_out):
        """The same noise and conditions each time; few rows are asked several times."""
        generator = torch.Generator().manual_seed(0)
        return denoising_loss(network, held_out.repeat(max(1, MOST_HELD_OUT // len(held_out)), 1), self.theta, generator).item()

    def slope(self, x, u, given):
        """dx/d(log sigma) of the probability-flow ODE."""
        return x - self.network(x, torch.full((len(x), 1), math.exp(u)), given)

    def log_prob(self, rows, given):
        """log p of hidden cells given the others, [B] in the rows' own units: the ODE's, with the exact divergence; what leaks out of the box is put
        back inside."""
        hidden = (~given).nonzero()[:, 0]
        x, given_rows = (rows - self.mean) / self.std, given.expand(len(rows), -1)
        basis = F.one_hot(hidden, rows.shape[1]).to(x.dtype)[:, None].expand(-1, len(rows), -1)

        def rates(x, u):
            slope, tangents = torch.func.vmap(
                lambda direction: torch.func.jvp(lambda y: self.slope(y, u, given_rows), (x,), (direction,)), out_dims=0)(basis)
            return slope[0], (tangents * basis).sum((0, 2))

        start, end = math.log(SIGMA_MIN), math.log(SIGMA_MAX)
        h, grown = (end - start) / DENSITY_STEPS, torch.zeros(len(rows))
        for step in range(DENSITY_STEPS):  # Runge-Kutta of order 4
            u = start + step * h
            k1, g1 = rates(x, u)
            k2, g2 = rates(x + h / 2 * k1, u + h / 2)
            k3, g3 = rates(x + h / 2 * k2, u + h / 2)
            k4, g4 = rates(x + h * k3, u + h)
            x, grown = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), grown + h / 6 * (g1 + 2 * g2 + 2 * g3 + g4)
        last = torch.distributions.Normal(0.0, math.sqrt(SIGMA_MAX**2 + 1)).log_prob(x[:, hidden]).sum(1)
        log_prob = last + grown - self.std[hidden].log().sum()
        if not self.box:
            return log_prob
        drawn = self.sample_anywhere(rows.repeat(LEAK_SAMPLES, 1), given).view(LEAK_SAMPLES, *rows.shape)
        return log_prob - log_share_inside(drawn[..., self.theta], self.box)

    def sample(self, rows, given):
        """Hidden cells of rows [B, D] anew; rows outside the box are drawn again."""
        drawn = self.sample_anywhere(rows, given)
        for _ in range(MOST_DRAWS if self.box else 0):
            outside = ~is_inside(drawn[:, self.theta], self.box)
            if not outside.any():
                break
            drawn[outside] = self.sample_anywhere(rows[outside], given)
        return drawn

    def begin(self, rows, given):
        x = (rows - self.mean) / self.std
        return torch.where(given, x, SIGMA_MAX * torch.randn(x.shape, generator=self.generator))

    @torch.no_grad()
    def sample_anywhere(self, rows, given):
        """By the ODE in Heun steps, whatever the box."""
        x, start, end = self.begin(rows, given), math.log(SIGMA_MAX), math.log(SIGMA_MIN)
        h = (end - start) / ODE_STEPS
        for step in range(ODE_STEPS):
            u = start + step * h
            first = self.slope(x, u, given)
            x = x + h / 2 * (first + self.slope(x + h * first, u + h, given))
        return torch.where(given, rows, x * self.std + self.mean)

    @torch.no_grad()
    def sample_by_sde(self, rows, given, steps=SDE_STEPS):
        """As `sample_anywhere`, by the reverse SDE in Euler-Maruyama steps, as Simformer samples."""
        x = self.begin(rows, given)
        sigmas = [SIGMA_MAX * (SIGMA_MIN / SIGMA_MAX) ** (step / steps) for step in range(steps + 1)]
        for now, after in zip(sigmas, sigmas[1:]):
            score = (self.network(x, torch.full((len(x), 1), now), given) - x) / now**2
            gone = now**2 - after**2
            noise = math.sqrt(gone) * torch.randn(x.shape, generator=self.generator)
            x = torch.where(given, x, x + gone * score + noise)
        return torch.where(given, rows, x * self.std + self.mean)
